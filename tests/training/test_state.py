"""The state of a run on disk: whatever is damaged, the newest whole state is found or one clear error is raised."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_data import pack_recipe

from mobilevos_sdk.errors import ArtifactError, InvalidInputError, MobileVOSError
from mobilevos_training.recipe import Recipe
from mobilevos_training.state import (
    STATE_FILE,
    RunState,
    load_state,
    optimizer_tensors,
    restore_optimizer,
    save_state,
)

RECIPE = pack_recipe(steps=3)


def state(step: int, recipe: Recipe = RECIPE) -> RunState:
    tensors = {"task.weight": torch.full((3,), float(step)), "average.weight": torch.zeros(2)}
    return RunState(step, recipe.text(), tensors, {"scaler": {}, "best": None})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose states are those of the steps 2 and 4; that of step 1 was removed."""
    for step in (1, 2, 4):
        save_state(tmp_path, state(step), continues=True)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_last_two_states_are_kept(folder: Path) -> None:
    assert files(folder) == ["state-00000002.safetensors", "state-00000004.safetensors", STATE_FILE]
    found = load_state(folder, RECIPE)
    assert found is not None
    assert found.step == 4
    assert torch.equal(found.part("task")["weight"], torch.full((3,), 4.0))
    assert found.numbers == {"scaler": {}, "best": None}


def test_a_folder_without_a_state_has_none(tmp_path: Path) -> None:
    assert load_state(tmp_path, RECIPE) is None


def test_a_kill_before_the_index_leaves_the_state_before(folder: Path) -> None:
    """Tensors are written first: here those of step 6 are, whole or in part, and the index is not."""
    whole = (folder / "state-00000004.safetensors").read_bytes()
    for content in (whole, whole[: len(whole) // 2]):
        (folder / "state-00000006.safetensors").write_bytes(content)
        (folder / ".state-00000006.safetensors.77-ab.tmp").write_bytes(content)
        found = load_state(folder, RECIPE)
        assert found is not None and found.step == 4
    save_state(folder, state(6), continues=True)
    found = load_state(folder, RECIPE)
    assert found is not None and found.step == 6


@pytest.mark.parametrize("damage", ["truncated", "changed", "missing"])
def test_a_damaged_state_falls_back_on_the_one_before(
    folder: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    newest = folder / "state-00000004.safetensors"
    content = bytearray(newest.read_bytes())
    content[-1] ^= 1
    {
        "truncated": lambda: newest.write_bytes(content[:50]),
        "changed": lambda: newest.write_bytes(content),
        "missing": newest.unlink,
    }[damage]()
    found = load_state(folder, RECIPE)
    assert found is not None and found.step == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and "state-00000004.safetensors" in said[0]


def test_two_damaged_states_are_one_clear_error(folder: Path) -> None:
    for path in folder.glob("*.safetensors"):
        path.write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match=r"no state in .* is whole; use --restart"):
        load_state(folder, RECIPE)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"states": [{}], "recipe": {}}', '{"states": 3, "recipe": {}}', '{"states": []}']
)
def test_a_damaged_index_is_one_clear_error_and_starts_over(folder: Path, content: str) -> None:
    (folder / STATE_FILE).write_text(content)
    with pytest.raises(ArtifactError, match=r"state\.json is damaged; use --restart"):
        load_state(folder, RECIPE)
    save_state(folder, state(1), continues=False)  # what --restart does
    assert files(folder) == ["state-00000001.safetensors", STATE_FILE]


def test_a_state_of_another_recipe_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="another recipe; choose another --out, or --restart"):
        load_state(folder, pack_recipe(steps=4))


def write_recipe(folder: Path, **memory: object) -> None:
    """Makes the run's recipe one of another version, with these options of the memory."""
    index = json.loads((folder / STATE_FILE).read_text())
    index["recipe"]["memory"] = memory
    (folder / STATE_FILE).write_text(json.dumps(index))


def test_a_state_outlives_options_that_came_after_it(folder: Path) -> None:
    write_recipe(folder, queue=RECIPE.memory.queue)
    found = load_state(folder, RECIPE)
    assert found is not None and found.step == 4


def test_a_state_with_an_option_that_is_gone_is_refused(folder: Path) -> None:
    write_recipe(folder, gone=1)
    with pytest.raises(InvalidInputError, match="another recipe"):
        load_state(folder, RECIPE)


def test_a_run_that_starts_over_never_falls_back_on_the_old_one(folder: Path) -> None:
    save_state(folder, state(3, pack_recipe(steps=9)), continues=False)
    assert files(folder) == ["state-00000003.safetensors", STATE_FILE]
    assert [entry["step"] for entry in json.loads((folder / STATE_FILE).read_text())["states"]] == [3]


@pytest.mark.parametrize("failing", ["state-00000006.safetensors", STATE_FILE])
def test_a_full_disk_leaves_the_states_before(folder: Path, failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def full(self: Path, target: Any) -> Path:
        if Path(target).name == failing:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(MobileVOSError, match="No space left on device; free some space"):
        save_state(folder, state(6), continues=True)
    monkeypatch.undo()
    found = load_state(folder, RECIPE)
    assert found is not None and found.step == 4
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW])
def test_an_optimiser_goes_on_as_if_it_had_not_stopped(kind: type[torch.optim.Adam]) -> None:
    def make() -> tuple[torch.nn.Linear, torch.optim.Optimizer]:
        torch.manual_seed(0)
        module = torch.nn.Linear(3, 2)
        return module, kind([{"params": [module.weight]}, {"params": [module.bias]}], lr=0.1)

    def step(module: torch.nn.Linear, optimizer: torch.optim.Optimizer, seed: int) -> None:
        optimizer.zero_grad()
        module(torch.rand(4, 3, generator=torch.Generator().manual_seed(seed))).square().sum().backward()
        optimizer.step()

    module, optimizer = make()
    step(module, optimizer, 1)
    saved = {name: tensor.clone() for name, tensor in optimizer_tensors(optimizer).items()}
    again, restored = make()
    again.load_state_dict(module.state_dict())
    restore_optimizer(restored, {name.removeprefix("optimizer."): tensor for name, tensor in saved.items()})
    for one in ((module, optimizer), (again, restored)):
        step(*one, seed=2)
    assert torch.equal(again.weight, module.weight)
    assert torch.equal(again.bias, module.bias)
