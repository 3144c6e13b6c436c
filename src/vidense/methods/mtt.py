"""MTT: matching training trajectories (Cazenavette et al., CVPR 2022)."""

from vidense.errors import UserError
from vidense.experts import Expertise, Experts
from vidense.method import Group, Optimizer, Recipe, Start, Task, register_method, resolved
from vidense.objectives.trajectory import Following, TrajectoryMatching, student
from vidense.option_types import LearningRate, Momentum
from vidense.parameterizations.dense import Dense

__all__ = ["RATES", "experts_to_follow", "mtt"]

# A pixel decides little about where a training ends; the reference moves them by a hundred thousand gradients.
RATES = (1e3, 1e4, 1e5)


def experts_to_follow(task: Task, expertise: Expertise, following: Following) -> Experts:
    """Return the experts to be obtained; what cannot be followed is refused before anything is made.

    Raises:
        UserError: if the experts are trained for fewer epochs than are to be followed, or their network cannot be a
            student.
    """
    need = Experts(expertise)
    _, epochs = need.size(task)
    if following.epochs > epochs:
        raise UserError(
            f"max_start={following.max_start} and expert_epochs={following.expert_epochs} follow experts to epoch "
            f"{following.epochs}, and they are trained for {epochs}; lower max_start or raise expert_length"
        )
    student(expertise.network, task.real)
    return need


@register_method(
    "mtt",
    paper="Cazenavette et al., Dataset Distillation by Matching Training Trajectories, CVPR 2022",
    stores="every frame of every synthetic video, and a learned step size",
    needs="experts (vidense experts)",
    iterations={"small": 100, "published": 8000},
    rates=RATES,
)
def mtt(
    task: Task,
    *,
    lr: LearningRate = "auto",
    momentum: Momentum = 0.5,
    start: Start = "real",
    expertise: Expertise,
    following: Following,
) -> Recipe:
    """Trajectory matching: a network trained on the synthetic clips shall end where experts ended on the real ones.

    Experts are trained once on the whole store, keeping their weights after every epoch (``vidense experts`` does only
    that). Each iteration starts from an expert's early weights, trains for ten updates on the synthetic clips, and
    moves the clips, and the updates' learning rate, so that the weights come nearer to where the expert was an epoch
    later. The graph of the updates is never held as a whole, so memory does not grow with them. VDSD's baseline uses 30
    experts of 50 epochs, 8,000 iterations and a learning rate of 1e5 at 1 video per class of MiniUCF. The learned step
    size is kept in ``condensed.json``; the paper evaluates with it, as ``vidense reproduce`` does; elsewhere all
    methods are evaluated alike.

    Differences:
        The gradient is exact but for rounding, computed without holding the graph of all steps. Small scale trains 2
        experts for 10 epochs; small datasets get smaller batches, at least 16 updates an epoch. The papers evaluate
        with the learned step size and report epoch 400 of 500.

    Args:
        task: clips, videos per class, seed.
        lr: learning rate of the pixels (normalised units), or ``auto``.
        momentum: of SGD, in [0, 1), for pixels and step size.
        start: ``real`` starts from one random real clip each, ``noise`` from N(0, 1).
        expertise: which experts are trained.
        following: how experts are followed.
    """
    need = experts_to_follow(task, expertise, following)
    return Recipe(
        Dense(task.initial_clips(start), task.real.spec, task.real.class_names, task.labels),
        TrajectoryMatching(task.obtain(need), expertise.network, following),
        Optimizer(
            "sgd",
            {"frames": Group(resolved(lr), momentum), "step_size": Group(following.lr_step_size, momentum)},
        ),
    )
