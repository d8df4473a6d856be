"""The main menu. Each app's `nav.py` registers its own entries, so the shell knows none of them by name."""

from dataclasses import dataclass
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import import_string, module_has_submodule


@dataclass(frozen=True)
class NavItem:
    """One entry. `can`: a permission code, or several of which one is enough.

    `count`: dotted path of a function of the user, or ''.
    """

    label: str
    icon: str
    url_name: str
    can: str | tuple[str, ...]
    order: int
    section: str = ""
    tab: bool = False  # also in the phone's tab bar
    count: str = ""

    def counted(self, user) -> int:
        return import_string(self.count)(user) if self.count else 0


items: list[NavItem] = []


def register(*new: NavItem) -> None:
    for item in new:
        if item not in items:
            items.append(item)
    items.sort(key=lambda item: item.order)


def discover() -> None:
    """Import `<app>.nav` of every app that has one."""
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "nav") and config.name != "kap.core":
            import_module(f"{config.name}.nav")
