"""The settings: of the app itself, of the route, and of this device as a host. What is chosen holds at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from meshnet.gui import autostart, languages
from meshnet.gui.memory import Memory
from meshnet.gui.models import settings as model
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.setting_fields import Choices, Combo, Field, Order, Section, Switch, Text, named
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Bar, scrolled

_WIDTH, _HEIGHT = 600, 640


class SettingsDialog(QDialog):
    """Shows what is chosen, and says what the person wants instead."""

    set_wanted = Signal(str, str)
    """Key and value of a setting of the daemon."""
    appearance_chosen = Signal(str)
    language_chosen = Signal(str)
    autostart_wanted = Signal(bool)

    def __init__(self, memory: Memory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mesh = Snapshot()
        self.setObjectName("settingsDialog")
        self.setWindowTitle(translate("Settings", "Settings"))
        self.app = AppPage(memory)
        self.routing = RoutingPage()
        self.hosting = HostingPage()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(scrolled(self.app), translate("Settings", "&General"))
        self.tabs.addTab(scrolled(self.routing), translate("Settings", "R&outing"))
        self.tabs.addTab(scrolled(self.hosting), translate("Settings", "&Hosting"))
        self.trouble = Bar("settingsTrouble", Tone.BAD, dismissable=True)
        self._connect()
        self._arrange()

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show the daemon's settings; those that it does not name are not there."""
        self._mesh = mesh
        for index, page in enumerate((self.routing, self.hosting), 1):
            page.show_mesh(mesh)
            self.tabs.setTabVisible(index, page.has_any(mesh))

    def show_failure(self, message: str, cure: str) -> None:
        """Show what was before, and why."""
        self.trouble.show_text(f"{message} {cure}".strip())
        for page in (self.routing, self.hosting):
            page.forget()
        self.app.show_autostart()
        self.show_mesh(self._mesh)

    def showEvent(self, event: QShowEvent) -> None:
        """Look anew at what others may have changed meanwhile."""
        self.app.show_autostart()
        self.trouble.show_text("")
        super().showEvent(event)

    def _connect(self) -> None:
        self.app.appearance_chosen.connect(self.appearance_chosen)
        self.app.language_chosen.connect(self.language_chosen)
        self.app.autostart_wanted.connect(self.autostart_wanted)
        for page in (self.routing, self.hosting):
            page.set_wanted.connect(self._want)
        self.trouble.dismissed.connect(self.trouble.hide)

    def _want(self, key: str, value: str) -> None:
        self.trouble.show_text("")
        self.set_wanted.emit(key, value)

    def _arrange(self) -> None:
        buttons = QDialogButtonBox()
        close = buttons.addButton(translate("Settings", "&Close"), QDialogButtonBox.ButtonRole.RejectRole)
        # Enter in a line of text is for that line.
        close.setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.trouble)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(buttons)
        self.resize(_WIDTH, _HEIGHT)


class _Page(QWidget):
    """Sections, one under the other."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, GAP, GAP // 2, 0)
        self._layout.setSpacing(GAP)

    def _fill(self, *sections: Section) -> None:
        for section in sections:
            self._layout.addWidget(section)
        self._layout.addStretch(1)


class AppPage(_Page):
    """What the app keeps for itself; holds without a daemon."""

    appearance_chosen = Signal(str)
    language_chosen = Signal(str)
    autostart_wanted = Signal(bool)

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory
        self.autostart = Switch(
            translate("Settings", "&Start with my session"),
            translate("Settings", "The icon is there when you have logged in. A route goes on without it."),
        )
        self.tells = Switch(
            translate("Settings", "&Tell me when somebody begins to route through this device"),
            translate("Settings", "A blocked route, and one that is back, are always told."),
        )
        self.language = Combo()
        self.appearance = Combo()
        self._fill_lists()
        self._connect()
        self._fill(*self._sections())

    def show_autostart(self) -> None:
        """Show whether the app starts with the session."""
        self.autostart.setVisible(autostart.is_supported())
        self.autostart.forget()
        self.autostart.show_value("on" if autostart.is_on() else "off")

    def _sections(self) -> tuple[Section, ...]:
        start = Section(translate("Settings", "On this desktop"))
        start.add(self.autostart, self.tells)
        looks = Section(translate("Settings", "Language and appearance"))
        looks.add(named(translate("Settings", "&Language"), self.language))
        looks.add(named(translate("Settings", "&Appearance"), self.appearance))
        return start, looks

    def _fill_lists(self) -> None:
        self.language.addItem(translate("Settings", "As the system"), "")
        for code, name in languages.available():
            self.language.addItem(name, code)
        self.appearance.addItem(translate("Settings", "As the system"), "")
        self.appearance.addItem(translate("Settings", "Light"), "light")
        self.appearance.addItem(translate("Settings", "Dark"), "dark")
        for field, chosen in ((self.language, self._memory.language), (self.appearance, self._memory.appearance)):
            field.setCurrentIndex(max(field.findData(chosen), 0))
        self.tells.show_value("on" if self._memory.tells_of_clients else "off")

    def _connect(self) -> None:
        self.autostart.wanted.connect(lambda value: self.autostart_wanted.emit(value == "on"))
        self.tells.wanted.connect(self._on_tells)
        self.language.activated.connect(lambda: self._on_language(self.language.currentData()))
        self.appearance.activated.connect(lambda: self._on_appearance(self.appearance.currentData()))

    def _on_tells(self, value: str) -> None:
        self._memory.tells_of_clients = value == "on"

    def _on_language(self, code: str) -> None:
        self._memory.language = code
        self.language_chosen.emit(code)

    def _on_appearance(self, name: str) -> None:
        self._memory.appearance = name
        self.appearance_chosen.emit(name)


class _DaemonPage(_Page):
    """Settings that the daemon keeps."""

    set_wanted = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._fields: dict[str, Field] = {}
        self._sections: dict[str, list[Section]] = {}

    def has_any(self, mesh: Snapshot) -> bool:
        """Whether the daemon names any of them."""
        return any(key in mesh.settings for key in self._sections)

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show the values."""
        for key, sections in self._sections.items():
            for section in sections:
                section.setVisible(key in mesh.settings)
        for key, field in self._fields.items():
            if key in mesh.settings:
                field.show_value(mesh.settings[key])

    def forget(self) -> None:
        """Take what is on the screen for something else than the daemon's values."""
        for field in self._fields.values():
            field.forget()

    def _keep(self, key: str, section: Section, *fields: Field) -> Section:
        """Show the section where the daemon names the setting; fields in it show the value and are wished by."""
        self._sections.setdefault(key, []).append(section)
        for field in fields:
            self._fields[key] = field
            field.wanted.connect(lambda value: self.set_wanted.emit(key, value))
            section.add(field)
        return section


class RoutingPage(_DaemonPage):
    """How this device's own traffic goes."""

    def __init__(self) -> None:
        super().__init__()
        kill_switch = Section(translate("Settings", "Kill switch"))
        self.kill_switch = Choices(translate("Settings", "Kill switch"), model.kill_switch())
        local_network = Section(translate("Settings", "Local network"))
        self.local_network = Switch(
            translate("Settings", "&Reach the network I am in while routed"),
            translate(
                "Settings",
                "For printers and other devices around you. Whoever is in that network can then reach this device too, "
                "and sees what you do there; leave it off in networks that you do not trust.",
            ),
        )
        names = Section(translate("Settings", "Name lookup (DNS)"), translate("Settings", "Who is asked while routed."))
        self.dns = DnsField()
        self.fallback = Order()
        self._fill(
            self._keep(model.KILL_SWITCH, kill_switch, self.kill_switch),
            self._keep(model.LOCAL_NETWORK, local_network, self.local_network),
            self._keep(model.DNS, names, self.dns),
            self._keep(model.FALLBACK, self._fallback_section()),
        )
        self.fallback.wanted.connect(lambda chosen: self.set_wanted.emit(model.FALLBACK, model.fallback_value(chosen)))

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show the values, and the hosts that can be added."""
        super().show_mesh(mesh)
        self.fallback.show_order(model.backups(mesh), model.possible_backups(mesh, model.backups(mesh)))

    def forget(self) -> None:
        """Take what is on the screen for something else than the daemon's values."""
        super().forget()
        self.fallback.forget()

    def _fallback_section(self) -> Section:
        made = Section(
            translate("Settings", "Fallback hosts"),
            translate(
                "Settings",
                "They take over, the first that answers, while the host you chose is gone. When it is back, so is the "
                "route through it.",
            ),
        )
        made.add(self.fallback)
        return made


class HostingPage(_DaemonPage):
    """How others' traffic goes through this device."""

    def __init__(self) -> None:
        super().__init__()
        vpn = Section(translate("Settings", "When this device's own VPN drops"))
        self.host_vpn_lost = Choices(translate("Settings", "When this device's own VPN drops"), model.host_vpn_lost())
        reach = Section(
            translate("Settings", "Address for other devices"),
            translate(
                "Settings",
                "Only where you have forwarded a port in your router: the public address, and the port if it is "
                "another one. Meshnet finds everything else by itself.",
            ),
        )
        name = translate("Settings", "Address for other devices")
        self.endpoint = Text(name, "203.0.113.7:51820", model.endpoint_problem, empty=model.NONE)
        self._fill(
            self._keep(model.HOST_VPN_LOST, vpn, self.host_vpn_lost),
            self._keep(model.ENDPOINT, reach, self.endpoint),
        )


class DnsField(Field):
    """The host, the system, or an address."""

    def __init__(self) -> None:
        super().__init__()
        self.address = Text(translate("Settings", "Address of the name server"), "9.9.9.9", model.dns_problem)
        self.choices = Choices(translate("Settings", "Name lookup (DNS)"), model.dns(), beside=self.address)
        self.choices.wanted.connect(self._on_chosen)
        self.address.wanted.connect(self.wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.choices)

    def forget(self) -> None:
        """Take what is on the screen for something else than the daemon's value."""
        super().forget()
        self.choices.forget()
        self.address.forget()

    def _put(self, value: str) -> None:
        self.choices.forget()
        self.choices.show_value(value)
        is_address = value not in model.DNS_WORDS
        if is_address:
            self.address.show_value(value)
        self.address.setVisible(is_address)

    def _on_chosen(self, value: str) -> None:
        self.address.setVisible(not value)
        if value:
            self.wanted.emit(value)
        elif self.address.is_right():
            self.wanted.emit(self.address.edit.text().strip())
        else:
            # There is nothing to want before an address stands there.
            self.address.edit.setFocus(Qt.FocusReason.OtherFocusReason)
