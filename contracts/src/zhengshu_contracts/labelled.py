"""What every closed list of words is made of: a wire value with the label people read."""

from enum import StrEnum


class Labelled(StrEnum):
    """A closed list of words with the label people read."""

    label: str

    def __new__(cls, value: str, label: str = "") -> "Labelled":
        """Create a member from its wire value and its Chinese label; `Word(value)` looks one up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member
