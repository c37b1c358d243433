"""The windows that open for one thing: settings, doctor, adding a device, questions before what cannot be undone.

Each is made when it is first wanted, and shows what the mesh is like for as long as it is open.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QMessageBox, QWidget

from meshnet.errors import MeshnetError
from meshnet.gui import autostart
from meshnet.gui.errands import Errands
from meshnet.gui.memory import Memory
from meshnet.gui.models import reasons, words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Mesh, Snapshot
from meshnet.gui.session import Session
from meshnet.gui.views.doctor import DoctorDialog
from meshnet.gui.views.invite import AddDeviceDialog
from meshnet.gui.views.settings import SettingsDialog


class Dialogs(QObject):
    """Opens them above a window, feeds them, and passes on what is chosen in them."""

    appearance_chosen = Signal(str)
    language_chosen = Signal(str)

    def __init__(self, mesh: Mesh, session: Session, errands: Errands, memory: Memory, above: QWidget) -> None:
        super().__init__(above)
        self._mesh = mesh
        self._session = session
        self._errands = errands
        self._memory = memory
        self._above = above
        self._settings: SettingsDialog | None = None
        self._doctor: DoctorDialog | None = None
        self._add: AddDeviceDialog | None = None
        mesh.changed.connect(self._show)
        session.refused.connect(self._show_again)
        session.failed.connect(self._on_failed)
        errands.failed.connect(self._on_errand_failed)

    def open_settings(self) -> SettingsDialog:
        """Show the settings."""
        if self._settings is None:
            made = self._settings = SettingsDialog(self._memory, self._above)
            made.set_wanted.connect(self._session.set)
            made.appearance_chosen.connect(self.appearance_chosen)
            made.language_chosen.connect(self.language_chosen)
            made.autostart_wanted.connect(self._set_autostart)
        self._session.refresh_settings()
        self._settings.show_mesh(self._mesh.now)
        _bring_up(self._settings)
        return self._settings

    @property
    def shows_settings(self) -> bool:
        """Whether the person is in the settings."""
        return self._settings is not None and self._settings.isVisible()

    def open_doctor(self) -> DoctorDialog:
        """Look at this system, and show what is found."""
        if self._doctor is None:
            self._doctor = DoctorDialog(self._above)
            self._doctor.wanted.connect(self._examine)
        self._examine()
        _bring_up(self._doctor)
        return self._doctor

    def open_add_device(self) -> AddDeviceDialog:
        """Show how another device comes into the mesh; once closed, anew, for what it showed last is used up."""
        if self._add is not None and self._add.isVisible():
            # A phone's code is shown this once: wanting the dialog again must not take it away.
            _bring_up(self._add)
            return self._add
        if self._add is not None:
            self._add.deleteLater()
        made = self._add = AddDeviceDialog(self._above)
        made.invite_wanted.connect(self._errands.invite)
        made.phone_wanted.connect(self._errands.add_phone)
        self._errands.invited.connect(made.show_invitation)
        self._errands.phone_added.connect(made.show_phone)
        made.show_mesh(self._mesh.now)
        _bring_up(made)
        return made

    # --- questions --------------------------------------------------------------------------------------------------

    def ask_to_remove(self, device: str) -> None:
        """Ask, then take the device (id) out of the mesh."""
        view = self._mesh.now.devices.get(device)
        if view is None:
            return
        question = translate("Questions", "Remove {name} from your mesh?").format(name=words.short(view.name))
        meaning = translate(
            "Questions",
            "It can no longer reach your devices, nor they it. To bring it back, it has to be invited again.",
        )
        self._ask(question, meaning, translate("Questions", "Remove"), lambda: self._errands.remove(device))

    def ask_to_leave(self) -> None:
        """Ask, then take this device out of its mesh."""
        question = translate("Questions", "Leave the mesh with this device?")
        meaning = translate(
            "Questions",
            "A route is stopped, and nobody routes through this device any more. To come back, it has to be invited.",
        )
        self._ask(question, meaning, translate("Questions", "Leave"), self._errands.leave)

    def _ask(self, question: str, meaning: str, deed: str, act: Callable[[], None]) -> None:
        box = QMessageBox(self._above)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Meshnet")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(question)
        box.setInformativeText(meaning)
        yes = box.addButton(deed, QMessageBox.ButtonRole.DestructiveRole)
        no = box.addButton(translate("Questions", "Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.setEscapeButton(no)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        yes.clicked.connect(act)
        box.open()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _examine(self) -> None:
        dialog = self._doctor
        if dialog is not None:
            dialog.show_busy()
            self._session.examine(dialog.show_findings, lambda error: dialog.show_failure(*reasons.explain(error)))

    def _set_autostart(self, wanted: bool) -> None:
        try:
            autostart.set_on(wanted)
        except MeshnetError as error:
            self._on_failed(*reasons.explain(error))
        self._show_again()

    def _show(self, mesh: Snapshot) -> None:
        for dialog in (self._settings, self._add):
            if dialog is not None and dialog.isVisible():
                dialog.show_mesh(mesh)
        if self._doctor is not None and self._doctor.isVisible() and not mesh.connected:
            # What was found was found by a daemon that is gone.
            self._doctor.show_failure(mesh.trouble, mesh.cure)

    def _show_again(self) -> None:
        self._show(self._mesh.now)

    def _on_failed(self, message: str, cure: str) -> None:
        if self._settings is not None and self._settings.isVisible():
            self._settings.show_failure(message, cure)

    def _on_errand_failed(self, what: str, error: MeshnetError) -> None:
        if self._add is not None and what in ("invite", "phone"):
            self._add.show_failure(*reasons.explain(error))


def _bring_up(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
