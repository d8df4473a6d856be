"""The second factor of staff: an authenticator app, passkeys, recovery codes; asked at sign-in and again before acts.

`models` what is kept, `factors` how a code or passkey is checked, `actions` every write, `state` whether somebody
is through, `proof` the asking again (`@proves_again`, `@proves_first`), `resets` who may reset whom, `views` the
pages. allauth.mfa keeps the factors and speaks WebAuthn; its own pages and addresses are not used.
"""
