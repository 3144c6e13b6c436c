"""The only optimisation loop."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from vidense.data.real import RealClips
from vidense.errors import DivergenceError
from vidense.method import Group, Optimizer, Recipe
from vidense.objectives.base import Objective, Step
from vidense.records import disjoint

__all__ = ["Loop"]


class Loop:
    """Runs a recipe's iterations one by one; knows no method.

    An iteration: backpropagate each loss as it is yielded, call the hooks, update, call the hooks again. What it
    draws depends on the seed and the iteration's number only, so a loop restored from :meth:`state_dict` continues
    with the same bits.
    """

    def __init__(self, recipe: Recipe, real: RealClips, *, seed: int, total: int) -> None:
        """Make the optimiser. ``recipe.objective`` must have been prepared.

        Args:
            recipe: with an objective and an optimiser.
            real: the training clips, on the device of the recipe's videos.
            seed: seed of the run.
            total: iterations of the whole run; hooks and schedules see shares of it.
        """
        if recipe.objective is None or recipe.optimizer is None:
            raise ValueError("this recipe has nothing to optimise")
        self.recipe, self.real, self.seed, self.total = recipe, real, seed, total
        self.objective: Objective = recipe.objective
        self._settings = recipe.optimizer
        groups = disjoint(recipe.synthetic.trainable(), self.objective.groups())
        self._trained = _trained(groups, self._settings.groups)
        self._optimizer = _torch_optimizer(self._settings, self._trained)

    def run(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Run iterations ``start`` to ``stop - 1``; yield each one's log entry after it is complete.

        Raises:
            DivergenceError: at the first loss or trained number that is not finite.
        """
        for index in range(start, stop):
            yield self._iterate(Step(index, self.total, self.seed))

    def _iterate(self, step: Step) -> dict[str, Any]:
        synthetic, hooks = self.recipe.synthetic, self.recipe.hooks
        synthetic.watch_frames(any(hook.watches(step) for hook in hooks))
        self._optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for part in self.objective.losses(synthetic, self.real, step):
            value = part.item()
            if not math.isfinite(value):
                raise DivergenceError(f"the loss is {value} at iteration {step.index}; {self._advice()}")
            part.backward()  # type: ignore[no-untyped-call]
            total += value
        for hook in hooks:
            hook.before_update(synthetic, step)
        self._schedule(step)
        self._optimizer.step()
        for hook in hooks:
            hook.after_update(synthetic, step)
        self.objective.after_update(synthetic, step)
        self._check_finite(step)
        telemetry = (self.objective.telemetry(), *(hook.telemetry() for hook in hooks))
        return disjoint({"step": step.index, "loss": total}, *telemetry)

    def _schedule(self, step: Step) -> None:
        factor = self._settings.factor(step.index / step.total)
        for group in self._optimizer.param_groups:
            group["lr"] = self._settings.groups[group["name"]].rate * factor

    def _check_finite(self, step: Step) -> None:
        for name, tensors in self._trained.items():
            if not all(torch.isfinite(tensor).all() for tensor in tensors):
                raise DivergenceError(
                    f"{name!r} holds a non-finite number after iteration {step.index}; {self._advice()}"
                )

    def _advice(self) -> str:
        rates = ", ".join(f"{name}={group.rate:g}" for name, group in self._settings.groups.items())
        return f"the learning rate ({rates}) is too large: try a third of it, or lr=auto"

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next iteration depends on: tensors, numbers, strings, lists and dicts."""
        return {
            "synthetic": self.recipe.synthetic.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "objective": self.objective.state_dict(),
            "objective_groups": {name: [t.detach() for t in tensors] for name, tensors in self._own_groups()},
            "hooks": [hook.state_dict() for hook in self.recipe.hooks],
        }

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state_dict` returned for the same recipe."""
        self.recipe.synthetic.load_state_dict(state["synthetic"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.objective.load_state_dict(state["objective"])
        for name, tensors in self._own_groups():
            for tensor, kept in zip(tensors, state["objective_groups"][name], strict=True):
                tensor.copy_(kept)
        for hook, hook_state in zip(self.recipe.hooks, state["hooks"], strict=True):
            hook.load_state_dict(hook_state)

    def _own_groups(self) -> Iterable[tuple[str, list[nn.Parameter]]]:
        return self.objective.groups().items()


def _trained(groups: Mapping[str, list[nn.Parameter]], moving: Iterable[str]) -> dict[str, list[nn.Parameter]]:
    unknown = sorted(set(moving) - set(groups))
    if unknown:
        raise ValueError(f"the optimiser names groups {unknown}, the recipe has {sorted(groups)}")
    for name, tensors in groups.items():
        for tensor in tensors:
            tensor.requires_grad_(name in moving)
    return {name: tensors for name, tensors in groups.items() if name in moving}


def _torch_optimizer(settings: Optimizer, trained: Mapping[str, list[nn.Parameter]]) -> torch.optim.Optimizer:
    def options(group: Group) -> dict[str, Any]:
        return {"lr": group.rate, "momentum": group.momentum} if settings.kind == "sgd" else {"lr": group.rate}

    groups = [{"params": tensors, "name": name, **options(settings.groups[name])} for name, tensors in trained.items()]
    return torch.optim.SGD(groups) if settings.kind == "sgd" else torch.optim.Adam(groups, betas=settings.betas)
