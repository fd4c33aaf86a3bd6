"""Model soups: the average of several checkpoints' weights, which costs no more to run than one of them.

Wortsman et al., "Model soups", ICML 2022, recipe 1 (the greedy soup); MobileVOS, section 4.4. What a soup is scored on
is the caller's: a function from a set of ingredients to a number of which more is better.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from mobilevos_models.checkpoints import load_weights, read_checkpoint
from mobilevos_models.folding import fold_batch_norms
from mobilevos_models.locality import has_locality
from mobilevos_models.registry import VOSModel, create_model
from mobilevos_sdk.errors import ArtifactError, InvalidInputError

Weights = dict[str, Tensor]

# What only a checkpoint with batch norms of its own has.
NORM_STATISTICS = ".running_mean"


@dataclass(frozen=True)
class Ingredient:
    """A checkpoint that may go into a soup.

    Attributes:
        path: its safetensors file.
        model: the registered model that it holds.
        sha256: of the file, hexadecimal.
    """

    path: Path
    model: str
    sha256: str

    @property
    def label(self) -> str:
        """Its folder's and its own name: files of several runs often have one name."""
        return f"{self.path.resolve().parent.name}/{self.path.name}"


Score = Callable[[Sequence[Ingredient]], float]
"""Scores the average of some ingredients, the best one first; more is better."""


@dataclass(frozen=True)
class Decision:
    """What became of an ingredient.

    Attributes:
        ingredient: the checkpoint.
        own_score: of the checkpoint alone.
        trial_score: of the average with it, by which it was let in or not.
        let_in: whether it is in the soup.
        soup_score: of the soup after the decision.
    """

    ingredient: Ingredient
    own_score: float
    trial_score: float
    let_in: bool
    soup_score: float


@dataclass(frozen=True)
class Soup:
    """A soup.

    Attributes:
        decisions: one for every ingredient, in the order of their own scores, the best first.
        kind: how it was chosen: `greedy` or `uniform`.
    """

    decisions: tuple[Decision, ...]
    kind: str

    @property
    def model(self) -> str:
        """The registered model."""
        return self.decisions[0].ingredient.model

    @property
    def members(self) -> tuple[Ingredient, ...]:
        """The ingredients that were let in, the best first."""
        return tuple(decision.ingredient for decision in self.decisions if decision.let_in)

    @property
    def score(self) -> float:
        """The soup's score, never less than `best_score`."""
        return self.decisions[-1].soup_score

    @property
    def best_score(self) -> float:
        """The score of the best ingredient alone."""
        return self.decisions[0].own_score

    def weights(self) -> Weights:
        """The soup itself, the very weights that were scored."""
        return average(self.members)


def greedy_soup(ingredients: Sequence[Ingredient], score: Score) -> Soup:
    """Lets ingredients in, from the best to the worst, as long as the average does not score worse for it.

    Raises:
        InvalidInputError: there is no ingredient.
    """
    ranked = _ranked(ingredients, score)
    members = [ranked[0][0]]
    decisions = [Decision(ranked[0][0], ranked[0][1], ranked[0][1], True, ranked[0][1])]
    for ingredient, own_score in ranked[1:]:
        before, trial = decisions[-1].soup_score, score([*members, ingredient])
        if let_in := trial >= before:
            members.append(ingredient)
        decisions.append(Decision(ingredient, own_score, trial, let_in, trial if let_in else before))
    return Soup(tuple(decisions), "greedy")


def uniform_soup(ingredients: Sequence[Ingredient], score: Score) -> Soup:
    """The average of all ingredients, such as the checkpoints of one run; the best one alone where that is worse.

    Raises:
        InvalidInputError: there is no ingredient.
    """
    ranked = _ranked(ingredients, score)
    best = ranked[0][1]
    trial = score([ingredient for ingredient, _ in ranked])
    better = trial >= best
    return Soup(
        tuple(
            Decision(ingredient, own_score, trial, better or position == 0, max(trial, best))
            for position, (ingredient, own_score) in enumerate(ranked)
        ),
        "uniform",
    )


def _ranked(ingredients: Sequence[Ingredient], score: Score) -> list[tuple[Ingredient, float]]:
    """The ingredients and their own scores, the best first; the given order decides between equals."""
    if not ingredients:
        raise InvalidInputError("a soup needs at least one checkpoint")
    scored = [(ingredient, score([ingredient])) for ingredient in ingredients]
    return sorted(scored, key=lambda pair: pair[1], reverse=True)


def average(members: Sequence[Ingredient], portions: Sequence[float] | None = None) -> Weights:
    """The average of ingredients that `read_ingredients` has checked.

    One checkpoint at a time is in memory beside the sum.

    Args:
        members: the ingredients, the best first.
        portions: how much of each, in any unit; by default as much of one as of another.

    Returns:
        Floating-point tensors summed in float64 and rounded to float32 once; integers and booleans, such as counters
        of batches, have no mean and are those of the best.

    Raises:
        ArtifactError: a file cannot be read any more.
    """
    portions = [1.0] * len(members) if portions is None else portions
    total: Weights = {}
    for member, portion in zip(members, portions, strict=True):
        weights, _ = read_checkpoint(member.path)
        for name, tensor in weights.items():
            if tensor.is_floating_point():
                part = portion * tensor.double()
                total[name] = total[name] + part if name in total else part
            else:
                total.setdefault(name, tensor)
    whole = sum(portions)
    return {name: (tensor / whole).float() if tensor.is_floating_point() else tensor for name, tensor in total.items()}


def soup_model(weights: Mapping[str, Tensor], name: str) -> VOSModel:
    """Builds a model of given weights with its batch norms folded, as a phone runs it.

    Args:
        weights: a state dict, folded or not.
        name: the registered model.

    Raises:
        UnknownModelError: the model is not registered.
        ArtifactError: the weights do not fit it.
    """
    model = create_model(name, locality=has_locality(weights))
    if not _has_norms(weights):
        fold_batch_norms(model)  # loaded as they are, the weights lose no bit
    load_weights(model, weights, "the checkpoint")
    fold_batch_norms(model)
    return model


def read_ingredients(paths: Sequence[Path]) -> tuple[Ingredient, ...]:
    """Reads checkpoints and makes sure that they can be averaged.

    Raises:
        InvalidInputError: there is none, one is given twice, or one does not fit the first; the message names the first
            tensor that differs.
        ArtifactError: one is missing, truncated, or has weights that are not finite.
        UnknownModelError: a model is not registered.
    """
    if not paths:
        raise InvalidInputError("a soup needs at least one checkpoint")
    ingredients: dict[str, Ingredient] = {}
    reference: Weights = {}
    for path in paths:
        ingredient, weights = _read(path)
        twin = ingredients.setdefault(ingredient.sha256, ingredient)
        if twin is not ingredient:
            raise InvalidInputError(f"{twin.path} and {path} are the same checkpoint; give each one once")
        if len(ingredients) == 1:
            reference = weights
            _check_fit(ingredient, weights)
        _check_alike(next(iter(ingredients.values())), reference, ingredient, weights)
    return tuple(ingredients.values())


def _read(path: Path) -> tuple[Ingredient, Weights]:
    weights, metadata = read_checkpoint(path)
    if "model" not in metadata:
        raise ArtifactError(f"{path} does not say which model it holds; give checkpoints that vos-train has written")
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise ArtifactError(f"{path}: tensor {name} has values that are not finite; leave this checkpoint out")
    return Ingredient(path, metadata["model"], hashlib.sha256(path.read_bytes()).hexdigest()), weights


def _check_fit(ingredient: Ingredient, weights: Weights) -> None:
    try:
        soup_model(weights, ingredient.model)
    except ArtifactError as error:
        raise ArtifactError(f"{ingredient.path} cannot be an ingredient: {error}") from error


def _check_alike(first: Ingredient, reference: Weights, other: Ingredient, weights: Weights) -> None:
    """Raises InvalidInputError where the second checkpoint cannot be averaged with the first."""
    if other.model != first.model:
        raise InvalidInputError(
            f"{other.path} holds '{other.model}' but {first.path} holds '{first.model}'; "
            "a soup takes checkpoints of one model"
        )
    if _has_norms(reference) != _has_norms(weights):
        folded, unfolded = (other, first) if _has_norms(reference) else (first, other)
        raise InvalidInputError(
            f"{folded.path} has its batch norms folded and {unfolded.path} has not; "
            "a soup takes checkpoints of one kind, such as those of vos-train, which are folded"
        )
    for name in sorted(reference.keys() | weights.keys()):
        ours, theirs = (_form(state.get(name)) for state in (reference, weights))
        if ours != theirs:
            raise InvalidInputError(
                f"{other.path} cannot be averaged with {first.path}: tensor {name} is {theirs} here and {ours} there"
            )


def _form(tensor: Tensor | None) -> str:
    """What two tensors must have in common: the shape, and whether they have a mean."""
    if tensor is None:
        return "missing"
    kind = "floating-point" if tensor.is_floating_point() else str(tensor.dtype).removeprefix("torch.")
    return f"{kind} {'x'.join(map(str, tensor.shape)) or 'scalar'}"


def _has_norms(weights: Mapping[str, Tensor]) -> bool:
    return any(name.endswith(NORM_STATISTICS) for name in weights)
