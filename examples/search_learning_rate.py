"""Search a learning rate on a condensed set, and check what the search on the whole dataset would have said.

python examples/search_learning_rate.py [FOLDER] [--quick] [--out DIR]

`vidense evaluate RUN --on STORE --task proxy` does this for networks too, beside random clips.
"""

import time
from collections.abc import Sequence

import vidense
from given import arguments, prepared
from vidense.data.spec import LabelledClips
from vidense.nets import build_network
from vidense.report.wording import percent
from vidense.statistics import rank_correlation
from vidense.training import accuracy, fit
from vidense.training_recipe import TrainingRecipe

RATES = (0.001, 0.003, 0.01, 0.03, 0.1)


def search(clips: LabelledClips, judge: LabelledClips, recipes: Sequence[TrainingRecipe]) -> tuple[list[float], float]:
    """Return which share of ``judge`` a fresh network gets right after each recipe on ``clips``, and the seconds."""
    started, right = time.perf_counter(), []
    for recipe in recipes:
        network = build_network("minic3d", clips.spec, len(clips.class_names), seed=0)
        diverged = fit(network, clips, recipe, seed=0).diverged_at is not None
        right.append(0.0 if diverged else accuracy(network, [judge], recipe))
    return right, time.perf_counter() - started


def main() -> None:
    """Condense, search on the condensed set, search on everything, compare."""
    given = arguments(__doc__)
    store = vidense.ClipStore.open(prepared(given))
    condensed = vidense.condense(
        store.path, given.out / "run", method="prism", iterations=5 if given.quick else 150, options={"lr": 10.0}
    )
    # Training videos kept aside choose the rate; test videos never choose anything. The condensed set was made from
    # all training videos, these included, so its accuracies here are a little too good.
    whole, judge = store.train.hold_out(0.2, seed=0)

    steps, epochs = (2, 1) if given.quick else (150, 20)
    recipes = [TrainingRecipe(lr=rate, steps=steps, epochs=epochs) for rate in RATES]
    on_condensed, condensed_seconds = search(condensed, judge, recipes)
    print("top-1 % of rates", *RATES)
    print("on the condensed set:", *map(percent, on_condensed))
    on_whole, whole_seconds = search(whole, judge, recipes)
    print("on the whole dataset:", *map(percent, on_whole))

    best = max(range(len(RATES)), key=on_condensed.__getitem__)
    lost = percent(max(on_whole) - on_whole[best])
    print(f"the condensed set picks {RATES[best]:g}: {lost} points below the best rate on the whole dataset")
    print(f"rank correlation (Spearman): {rank_correlation(on_condensed, on_whole)['spearman']}")
    print(f"seconds of training: {condensed_seconds:.0f} against {whole_seconds:.0f}")


if __name__ == "__main__":
    main()
