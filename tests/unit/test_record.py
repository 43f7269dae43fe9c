"""`record`: what dataclass_transform promises a type checker is what happens at run time."""

import pytest

from wt.model import Slot, record, replaced


@record
class Point:
    """A point."""

    x: int
    y: int = 2

    @property
    def total(self):
        return self.x + self.y

    def moved(self, by):
        return Point(self.x + by, self.y)


def test_fields_by_position_by_name_and_by_default():
    assert Point(1) == Point(1, 2) == Point(x=1, y=2) == Point(1, y=2)
    assert Point(1).total == 3
    assert Point(1).moved(1) == Point(2)
    assert repr(Point(1)) == "Point(x=1, y=2)"
    assert Point.__doc__ == "A point."


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((1, 2, 3), {}), ((1,), {"z": 3}), ((1,), {"x": 1}), ((), {"y": 1})]
)
def test_wrong_fields_are_a_type_error(args, kwargs):
    with pytest.raises(TypeError, match="Point"):
        Point(*args, **kwargs)


def test_it_is_frozen_slotted_and_hashable():
    point = Point(1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2  # type: ignore[misc]  # what is tried here
    with pytest.raises(AttributeError):
        del point.x
    with pytest.raises(AttributeError):
        point.z = 1  # type: ignore[attr-defined]  # likewise
    assert not hasattr(point, "__dict__")
    assert {Point(1): "a"}[Point(1, 2)] == "a"


def test_another_kind_is_never_equal():
    @record
    class Other:
        x: int
        y: int = 2

    assert Point(1).__eq__(Other(1)) is NotImplemented
    assert Point(1).__eq__((1, 2)) is NotImplemented


def test_replaced_copies():
    point = Point(1)
    assert replaced(point, y=5) == Point(1, 5)
    assert point == Point(1)
    with pytest.raises(TypeError):
        replaced(point, z=1)


def test_a_slot_without_directory_says_so():
    slot = Slot("slot-0", None, 0, "fresh", None, None)
    for ask in (lambda: slot.directory, lambda: slot.admin_dir, lambda: slot.held):
        with pytest.raises(ValueError, match="slot-0"):
            ask()
    assert not slot.transitional
    assert slot.name is None
