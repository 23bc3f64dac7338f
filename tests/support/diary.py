"""What the clients of a test did and were told: one side of the reckoning."""

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, str]


@dataclass(frozen=True)
class Pushed:
    """A push that was answered, after however many attempts under one key."""

    dataset: str
    mode: str
    rows: list[Row]
    batch: str
    version: str | None

    @property
    def place(self) -> tuple[int, int]:
        """Epoch and number of the version it made."""
        epoch, number = (self.version or "0.0").split(".")
        return int(epoch), int(number)


@dataclass(frozen=True)
class Answered:
    """A request for rows that got an answer carrying a record's id."""

    client: str
    organization: str
    dataset: str
    record: str
    status: int
    columns: frozenset[str]


@dataclass
class Diary:
    """Everything that was answered. Lists only grow, so several threads may write."""

    keys: dict[str, str] = field(default_factory=dict)
    """The key item of each dataset of which this diary holds every push."""
    pushed: list[Pushed] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)

    def pushes(self, dataset: str) -> list[Pushed]:
        """Return a dataset's pushes that made a version, in the order of the versions."""
        made = [each for each in self.pushed if each.dataset == dataset and each.version]
        return sorted(made, key=lambda each: each.place)

    def rows(self, dataset: str) -> dict[str, dict[str, Any]]:
        """Return what the dataset must hold, by key: every push applied in order."""
        key, held = self.keys[dataset], {}
        for push in self.pushes(dataset):
            if push.mode == "replace":
                held.clear()
            for row in push.rows:
                if push.mode == "delete":
                    held.pop(row[key], None)
                else:
                    held[row[key]] = row
        return held
