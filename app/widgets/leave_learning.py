"""The one question asked before a project is left in the middle of learning."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget


def may_leave(parent: QWidget) -> bool:
    """Whether a person wants to save and leave now; waits for the answer."""
    box = QMessageBox(parent)
    box.setObjectName("leave_learning")
    box.setWindowTitle(_tr("Learning is under way"))
    box.setText(_tr("What was learned is saved, and you can go on from there when the project is open again."))
    leave = box.addButton(_tr("Save and close"), QMessageBox.ButtonRole.AcceptRole)
    leave.setObjectName("save_and_close")
    stay = box.addButton(_tr("Keep learning"), QMessageBox.ButtonRole.RejectRole)
    stay.setObjectName("keep_learning")
    box.setDefaultButton(leave)
    box.setEscapeButton(stay)
    box.exec()
    return box.clickedButton() is leave


def _tr(text: str) -> str:
    return QCoreApplication.translate("LeaveLearning", text)
