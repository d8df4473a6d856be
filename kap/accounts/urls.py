from django.urls import path

from kap.accounts.second import staff as resets
from kap.accounts.second import views as second
from kap.accounts.views import idle, own, session, sign_ins, staff

app_name = "accounts"

urlpatterns = [
    path("sign-in/", session.sign_in, name="sign_in"),
    path("sign-in/code/", session.code, name="code"),
    path("sign-in/link/<str:token>/", session.link, name="link"),
    path("sign-in/staff/", session.sign_in_staff, name="sign_in_staff"),
    path("sign-in/second/", second.second, name="second"),
    path("sign-in/second/challenge/", second.challenge, name="challenge"),
    path("sign-out/", session.sign_out, name="sign_out"),
    path("session/state/", idle.state, name="state"),
    path("session/active/", idle.active, name="active"),
    path("session/locked/", idle.locked, name="locked"),
    path("session/typed/", idle.typed_again, name="typed"),
    path("session/back/", idle.back, name="back"),
    path("theme/", session.theme, name="theme"),
    path("account/", own.account, name="account"),
    path("account/sign-ins/", sign_ins.own, name="sign_ins"),
    path("account/sign-ins/others/end/", sign_ins.end_others, name="sign_ins_end"),
    path("account/sign-ins/<int:pk>/end/", sign_ins.end, name="sign_in_end"),
    path("account/password/", own.password, name="password"),
    path("account/pin/", own.pin, name="pin"),
    path("account/second/", second.overview, name="factors"),
    path("account/second/app/", second.app_new, name="app_new"),
    path("account/second/passkey/", second.passkey_new, name="passkey_new"),
    path("account/second/passkey/options/", second.passkey_options, name="passkey_options"),
    path("account/second/codes/", second.codes, name="codes"),
    path("account/second/codes/kept/", second.codes_kept, name="codes_kept"),
    path("account/second/<int:pk>/remove/", second.remove, name="factor_remove"),
    path("account/prove/", second.prove, name="prove"),
    path("password/forgotten/", own.password_forgotten, name="password_forgotten"),
    path("password/new/<str:uid>/<str:token>/", own.password_new, name="password_new"),
    path("invitation/<str:token>/", own.invitation, name="invitation"),
    path("staff/", staff.staff, name="staff"),
    path("staff/invite/", staff.invite, name="invite"),
    path("staff/invitations/<uuid:invitation>/again/", staff.invite_again, name="invite_again"),
    path("staff/invitations/<uuid:invitation>/withdraw/", staff.invite_withdraw, name="invite_withdraw"),
    path("staff/second/", resets.listed, name="resets"),
    path("staff/second/<uuid:pk>/confirm/", resets.confirm, name="reset_confirm"),
    path("staff/second/<uuid:pk>/drop/", resets.drop, name="reset_drop"),
    path("staff/<uuid:user>/second/", resets.ask, name="reset_ask"),
    path("staff/<uuid:user>/let-in/", resets.let_in, name="let_in"),
    path("staff/<uuid:user>/sign-ins/", sign_ins.of_staff, name="staff_sign_ins"),
    path("staff/<uuid:user>/sign-ins/end/", sign_ins.end_of_staff, name="staff_sign_ins_end"),
    path("staff/<uuid:user>/roles/", staff.roles, name="roles"),
    path("staff/<uuid:user>/deactivate/", staff.deactivate, name="deactivate"),
    path("staff/<uuid:user>/reactivate/", staff.reactivate, name="reactivate"),
]
