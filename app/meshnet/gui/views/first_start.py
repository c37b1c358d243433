"""The first start, in place of the tabs: what is wrong with the daemon, or three steps into a mesh."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QWidget

from meshnet.gui.models import first_start as model
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.first_pages import ChoicePage, CreateForm, DonePage, Form, JoinForm, TroublePage
from meshnet.gui.views.widgets import GAP
from meshnet.protocol.local import Capability

_WIDTH = 560
"""Logical pixels of the column; wider lines are hard to read."""
_WITHIN = Qt.ShortcutContext.WidgetWithChildrenShortcut


class FirstStart(QScrollArea):
    """Shows what is needed before there is a mesh, and says what the person fills in."""

    create_wanted = Signal(str, str)
    """The coordinator's line, and this device's name."""
    join_wanted = Signal(str, str, object)
    """The invite link, this device's name, and what its devices are allowed (a tuple of grants)."""
    add_device_wanted = Signal()
    finished = Signal()
    """The person has read what to do next."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("firstStart")
        self.trouble = TroublePage()
        self.choice = ChoicePage()
        self.join_form = JoinForm()
        self.create_form = CreateForm()
        self.done = DonePage()
        self.pages = QStackedWidget()
        self._step: QWidget = self.choice
        self._arrange()
        self._connect()

    @property
    def holds(self) -> bool:
        """Whether it is to stay although there is a mesh now: the last step has not been read yet."""
        return self._step is self.done or self._is_busy

    @property
    def _is_busy(self) -> bool:
        return self.join_form.is_busy or self.create_form.is_busy

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show this snapshot."""
        is_joined = mesh.connected and mesh.status.device is not None
        if is_joined and self._is_busy:
            self._finish_form()
        self.join_form.show_can_host(mesh.can(Capability.HOST))
        trouble = model.trouble(mesh)
        if trouble is not None:
            self.trouble.show_trouble(trouble)
        self._show(self._step if trouble is None else self.trouble)

    def offer_link(self, link: str) -> None:
        """Fill in a link that came from outside; nothing is done with it until the person says so."""
        form = self.create_form if link.strip().startswith(model.CREATE) else self.join_form
        if not self._is_busy:
            form.offer(link)
            self._go(form)

    def show_busy(self, busy: bool) -> None:
        """What was wanted is being done, or no longer."""
        for form in (self.join_form, self.create_form):
            form.show_busy(busy and form is self._step)

    def show_failure(self, message: str, cure: str) -> None:
        """It came to nothing; what was filled in stays."""
        self.show_busy(False)
        for form in (self.join_form, self.create_form):
            form.show_failure(" ".join(filter(None, (message, cure))) if form is self._step else "")

    def show_created(self, file: Path | None) -> None:
        """The mesh is there, and its key is kept in this file, or in the person's keyring."""
        self._finish_form()
        self.done.show_created()
        self.done.show_key(file)

    def show_joined(self) -> None:
        """This device belongs to the mesh."""
        # The mesh may have told so before, and the person be done with the last step.
        if self._step is self.join_form:
            self._finish_form()

    def showEvent(self, event: QShowEvent) -> None:
        """Put the keyboard where the page begins."""
        super().showEvent(event)
        page = self.pages.currentWidget()
        if page is not None:
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _finish_form(self) -> None:
        """On to the last step, from the form that brought it about; what it held is used up."""
        if self._step is self.done:
            return
        if self._step is self.create_form:
            self.done.show_created()
        else:
            self.done.show_joined()
        for form in (self.join_form, self.create_form):
            form.clear()
        self._go(self.done)

    def _go(self, step: QWidget) -> None:
        self._step = step
        if self.pages.currentWidget() is not self.trouble:
            self._show(step)

    def _show(self, page: QWidget) -> None:
        if self.pages.currentWidget() is page:
            return
        self.pages.setCurrentWidget(page)
        if self.isVisible():
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _back(self) -> None:
        form = self._step
        if isinstance(form, Form) and not form.is_busy:
            self._go(self.choice)

    def _end(self) -> None:
        self._go(self.choice)
        self.finished.emit()

    def _connect(self) -> None:
        self.choice.to_join.clicked.connect(lambda: self._go(self.join_form))
        self.choice.to_create.clicked.connect(lambda: self._go(self.create_form))
        for form in (self.join_form, self.create_form):
            form.back.clicked.connect(self._back)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self._back, context=_WITHIN)
        self.join_form.wanted.connect(
            lambda: self.join_wanted.emit(self.join_form.line, self.join_form.device_name, self.join_form.allow)
        )
        self.create_form.wanted.connect(
            lambda: self.create_wanted.emit(self.create_form.line, self.create_form.device_name)
        )
        self.done.finish.clicked.connect(self._end)
        self.done.add_device.clicked.connect(self._end)
        self.done.add_device.clicked.connect(self.add_device_wanted)

    def _arrange(self) -> None:
        for page in (self.trouble, self.choice, self.join_form, self.create_form, self.done):
            self.pages.addWidget(page)
        self.pages.setMaximumWidth(_WIDTH)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(GAP, GAP, GAP, GAP)
        row.addStretch(1)
        row.addWidget(self.pages, 100)
        row.addStretch(1)
        self.setWidget(middle)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # It follows the keyboard through the page, and is no stop of its own.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The page is the window's own ground, not a well in it.
        self.viewport().setAutoFillBackground(False)
        middle.setAutoFillBackground(False)
