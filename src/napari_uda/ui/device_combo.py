"""The choice of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.qt.threading import thread_worker
from qtpy.QtCore import Signal
from qtpy.QtGui import QStandardItemModel

from .fitting import find_devices
from .narrow_combo import NarrowCombo

if TYPE_CHECKING:
    from .fitting import Device

DEVICE_HINT = "Where to compute"
PROCESSOR = "cpu"
"""The device that every machine has."""


class DeviceCombo(NarrowCombo):
    """Offers the devices there are, as soon as they are known."""

    found = Signal()
    """The devices are known."""

    def __init__(self) -> None:
        super().__init__()
        self._usable = 0
        self.setToolTip(DEVICE_HINT)
        self.addItem("auto: the fastest", "auto")
        finder = thread_worker(find_devices)()
        finder.returned.connect(self.set_devices)
        finder.start()

    @property
    def offers(self) -> bool:
        """Whether there is anything to choose: a processor alone leaves no choice."""
        return self._usable > 1

    def value(self) -> str:
        """Return the device as commands and configurations call it."""
        return str(self.currentData())

    def choose(self, value: str) -> None:
        """Choose a device, also before those there are were found."""
        if self.findData(value) < 0:
            self.addItem(value, value)
        self.setCurrentIndex(self.findData(value))

    def set_devices(self, devices: list[Device]) -> None:
        """Offer these devices; the one chosen stays, if it is among them."""
        chosen, model = self.value(), self.model()
        assert isinstance(model, QStandardItemModel)
        self.clear()
        for number, device in enumerate(devices):
            self.addItem(device.words, device.value)
            if device.problem and (item := model.item(number)) is not None:
                item.setEnabled(False)
        problems = [device.problem for device in devices if device.problem]
        self.setToolTip("\n".join((DEVICE_HINT, *problems)))
        self.setCurrentIndex(max(0, self.findData(chosen)))
        usable = [one for one in devices if one.value != "auto" and not one.problem]
        self._usable = len(usable)
        self.found.emit()
