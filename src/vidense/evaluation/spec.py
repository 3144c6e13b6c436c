"""What an evaluation is: everything that moves a number, frozen and hashed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from vidense.config import parse_assignments
from vidense.errors import UserError, suggest
from vidense.method import Scale
from vidense.mixing import Mixing
from vidense.option_types import LARGEST
from vidense.records import content_hash
from vidense.trained_networks import HOLD_OUT, HoldOut
from vidense.training_recipe import TrainingRecipe

__all__ = ["PROTOCOLS", "EvalSpec", "Labels", "eval_spec"]

# Raise when the code below changes a number that no field shows.
VERSION = 1
PUBLISHED_EPOCHS, FREPO_EPOCHS = 500, 1000

EvaluatedFor = Literal["classify", "retrieve"]
Labels = Literal["hard", "soft", "soft_stored", "soft_regions"]


@dataclass(frozen=True)
class EvalSpec:
    """One way to turn a training set into a number. Only results of equal :attr:`hash` may be ranked together.

    Attributes:
        protocol: the name it goes by.
        model: network that is trained and tested.
        model_options: its options, as sorted ``(name, value)`` pairs.
        recipe: how it is trained.
        hold_out: which training videos choose the weights: those of the best check on them are scored. A share of 0
            takes the last weights. Test videos never choose.
        windows: clips of each test video that are scored.
        pooling: ``mean_softmax`` averages the windows' class probabilities into one answer a video, ``pooled`` counts
            every window as an answer of its own.
        legacy_best_on_test: also report the best test accuracy of all checks, in a field of its own.
        labels: what the network learns: ``hard``, the classes; ``soft``, the teacher's probabilities of every batch as
            it is shown; ``soft_stored``, labels kept with the videos (:func:`vidense.evaluation.labels.targets_of`);
            ``soft_regions``, as that, but every region of a tiled clip alone, with its own label.
        mix: how clips are mixed before the teacher sees them (:func:`vidense.mixing.mix`); of ``soft`` only.
        teacher: network that gives soft labels, trained on the whole store, seed 0.
        teacher_scale: how it is trained (:func:`vidense.teachers.teacher_recipe`).
        task: what networks learn to do, a name in :data:`vidense.tasks.TASKS`.
        version: of the evaluation code.
    """

    protocol: str
    model: str
    recipe: TrainingRecipe
    hold_out: HoldOut
    windows: int
    pooling: Literal["mean_softmax", "pooled"]
    legacy_best_on_test: bool = False
    model_options: tuple[tuple[str, Any], ...] = ()
    labels: Labels = "hard"
    mix: Mixing = "none"
    teacher: str = "minic3d_bn"
    teacher_scale: Scale = "small"
    task: EvaluatedFor = "classify"
    version: int = VERSION

    @property
    def taught(self) -> bool:
        """Whether a teacher is needed."""
        return self.labels != "hard" and self.recipe.loss == "cross_entropy"

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        return {**asdict(self), "model_options": dict(self.model_options)}

    @property
    def hash(self) -> str:
        """16 hex digits that change with every field.

        Fields at their default are left out, so that a field added later does not change the hash of what was
        measured before it existed.
        """
        parts: dict[str, EvalSpec | TrainingRecipe | HoldOut] = {
            "spec": self,
            "recipe": self.recipe,
            "hold_out": self.hold_out,
        }
        return content_hash({"version": self.version, **{name: _changed(part) for name, part in parts.items()}})


def _changed(part: "EvalSpec | TrainingRecipe | HoldOut") -> dict[str, Any]:
    """Return the fields that are plain values and differ from their default."""
    values = {item.name: (getattr(part, item.name), item.default) for item in fields(part)}
    return {
        name: value
        for name, (value, default) in values.items()
        if value != default and not isinstance(value, (TrainingRecipe, HoldOut))
    }


def _clean(model: str, epochs: int | None) -> EvalSpec:
    recipe = TrainingRecipe() if epochs is None else TrainingRecipe(steps=0, epochs=epochs)
    return EvalSpec(
        protocol="clean",
        model=model,
        recipe=recipe,
        hold_out=HOLD_OUT,
        windows=1,
        pooling="mean_softmax",
    )


def _published(model: str, epochs: int | None) -> EvalSpec:
    """VDSD's ``evaluate_synset`` as its released code runs it, seeded, its hidden rules included."""
    epochs = PUBLISHED_EPOCHS if epochs is None else epochs
    recipe = TrainingRecipe(
        optimizer="sgd",
        lr=0.01,
        momentum=0.9,
        weight_decay=5e-4,
        batch=256,
        steps=0,
        # The reference counts passes from 0 to ``epochs`` inclusive and lowers the rate after number epochs // 2 + 1.
        epochs=epochs + 1,
        drop_after=epochs // 2 + 2,
        schedule="drop",
        warmup=0.0,
        clip_norm=None,
        batch_standardise=True,
        precision="float32",
        checks=5,
        test_batch=64,
    )
    return EvalSpec(
        protocol="published",
        model=model,
        recipe=recipe,
        hold_out=HoldOut(share=0.0, seed=0),
        windows=3,
        pooling="pooled",
        legacy_best_on_test=True,
    )


def _frepo(model: str, epochs: int | None) -> EvalSpec:
    """FRePo's own evaluation as VDSD runs it: regression on the labels that were learned with the videos."""
    recipe = TrainingRecipe(
        optimizer="adamw",
        lr=1e-4,
        weight_decay=5e-4,
        batch=500,
        steps=0,
        epochs=FREPO_EPOCHS if epochs is None else epochs,
        loss="mse",
        floor=0.01,
        clip_norm=None,
        precision="float32",
    )
    return EvalSpec(
        protocol="frepo",
        model=model,
        recipe=recipe,
        hold_out=HoldOut(share=0.0, seed=0),
        windows=1,
        pooling="mean_softmax",
        labels="soft_stored",
    )


PROTOCOLS: dict[str, Callable[[str, int | None], EvalSpec]] = {
    "clean": _clean,
    "published": _published,
    "frepo": _frepo,
}


def eval_spec(
    protocol: str,
    model: str,
    *,
    epochs: int | None = None,
    lr: float | None = None,
    labels: str | None = None,
    mix: str = "none",
    scale: Scale = "small",
    task: str = "classify",
) -> EvalSpec:
    """Return the specification of a named protocol for one network.

    Args:
        protocol: ``clean``, ``published`` or ``frepo``.
        model: a registered network's name, perhaps with options behind colons: ``cnn_lstm:lstm_hidden=1024``.
        epochs: passes over the training set in place of the protocol's own length.
        lr: learning rate in place of the protocol's own, above 0.
        labels: in place of the protocol's own.
        mix: as of :class:`EvalSpec`.
        scale: of the teacher; without one it decides nothing.
        task: as of :class:`EvalSpec`; ``retrieve`` learns classes.

    Raises:
        UserError: if a name is unknown, ``epochs`` is below 1, ``lr`` is not above 0, clips are mixed without a
            teacher, or the task does not go with the labels.
    """
    if protocol not in PROTOCOLS:
        raise UserError(f"unknown protocol {protocol!r}{suggest(protocol, PROTOCOLS)}")
    if epochs is not None and epochs < 1:
        raise UserError(f"epochs={epochs} trains nothing; give an integer of at least 1")
    if lr is not None and not 0 < lr <= LARGEST:
        raise UserError(f"lr={lr:g} is no learning rate; give a number above 0, and at most {LARGEST:g}")
    name, *given = model.split(":")
    options, own = parse_assignments(given, name), PROTOCOLS[protocol](name, epochs)
    chosen = {"labels": labels or own.labels, "mix": mix, "task": task}
    kinds = {"labels": Labels, "mix": Mixing, "task": EvaluatedFor, "scale": Scale}
    for name, value in {**chosen, "scale": scale}.items():
        if value not in (known := get_args(kinds[name])):
            raise UserError(f"unknown {name} {value!r}{suggest(value, known)}")
    if mix != "none" and chosen["labels"] != "soft":
        raise UserError(f"mix={mix!r} needs a teacher to say what is in a mixed clip; give labels soft")
    if task == "retrieve" and chosen["labels"] != "hard":
        raise UserError(f"task 'retrieve' learns classes, not labels {chosen['labels']!r}; give labels hard")
    if own.recipe.loss == "mse" and chosen["labels"] != own.labels:
        raise UserError(f"protocol {protocol!r} learns the labels kept with the videos; leave labels out")
    recipe = own.recipe if lr is None else replace(own.recipe, lr=lr)
    own = replace(own, recipe=recipe, model_options=tuple(sorted(options.items())))
    spec = replace(own, **chosen)  # type: ignore[arg-type]  # checked above
    return replace(spec, teacher_scale=scale) if spec.taught else spec
