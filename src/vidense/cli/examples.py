"""Worked examples, which every verb's help ends with."""

__all__ = ["EXAMPLES"]


def _epilog(*lines: str) -> str:
    # The parser rewraps paragraphs unless one starts with a line that holds a backspace alone.
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


EXAMPLES = {
    "vidense": _epilog(
        "vidense demo                                    the whole story in a few minutes, without data of your own",
        "vidense prepare videos/ --out store             decode class/clip.mp4 files once",
        "vidense condense store --out run --budget 5MB   a stand-in that fits 5 MB",
        "vidense evaluate run --on store                 what it is worth, beside random clips",
        "vidense report run -o report.html               one page with everything",
    ),
    "demo": _epilog(
        "vidense demo                     a few minutes on two cores; ends with the path of a page to open",
        "vidense demo --quick --out try   under a minute, smaller in every way",
        "vidense demo                     again: finished steps are recognised, an interrupted one goes on",
    ),
    "prepare": _epilog(
        "vidense prepare videos/ --out store                      videos/CLASS/CLIP.mp4, or train/ and test/ above",
        "vidense prepare data/splits.csv --out store --size 64 --frames 8 --stride 2",
        "vidense prepare ucf101/ --out store --layout ucf101 --split 1    holds UCF-101/ and ucfTrainTestlist/",
        "vidense prepare hmdb51/ --out store --layout hmdb51_official",
        "vidense prepare kinetics400/ --out store                 8 frames of 64x64 from the middle, as in papers",
        "vidense prepare videos/ --out store --on-error fail      stop at the first file that cannot be read",
    ),
    "plan": _epilog(
        "vidense plan store                             time, memory and disk of prism at 1 video per class",
        "vidense plan store --method dm --vpc 5",
        "vidense plan store --budget 5MB --json         what a budget buys, for a script",
    ),
    "experts": _epilog(
        "vidense experts store                                    what mtt follows: 2 experts of 10 epochs on a CPU",
        "vidense experts store --scale published --device cuda    30 of 50 epochs",
        "vidense experts store                                    again: goes on after the last finished epoch",
    ),
    "teacher": _epilog(
        "vidense teacher store                          as long as a run of tsgf on this machine would train it",
        "vidense teacher store --scale published --seed 1 --device cuda",
        "vidense teacher store --method sre2l --set mode=frame    of single frames",
        "vidense teacher store --json                   its accuracies and the hash of its weights, for a script",
    ),
    "condense": _epilog(
        "vidense condense store --out run                          prism, 1 video per class, learning rate searched",
        "vidense condense store --out run --budget 5MB",
        "vidense condense store --out run-dm --method dm --vpc 5 --seed 1 --iterations 1000 --set lr=30",
        "vidense condense store --out run --config run.yaml        keys as the flags, method options under 'options'",
        "vidense condense store --out run                          again: resumes, or recognises a finished run",
    ),
    "watch": _epilog(
        "vidense watch run                              in another shell, while `vidense condense` writes run",
        "vidense watch run 2> lines.txt                 a line now and then to a file, the end of the run to stdout",
        "vidense watch run --tensorboard events/run     and an event file for `tensorboard --logdir events`",
    ),
    "evaluate": _epilog(
        "vidense evaluate run --on store",
        "vidense evaluate run --on store --models minic3d,cnn_gru --seeds 5",
        "vidense evaluate run --on store --labels soft --mix video    as TSGF does; ranked apart from hard labels",
        "vidense evaluate run --on store --protocol published --no-ceiling --json > result.json",
    ),
    "ablate": _epilog(
        "vidense ablate prism --list                                        what can be varied",
        "vidense ablate prism --on store --out ablation                     PRISM's table 6",
        "vidense ablate tsgf --on store --out mask --grid direction --seeds 5",
        "vidense ablate prism --on store --out sweep --grid vpc             1 to 30 videos per class",
    ),
    "reproduce": _epilog(
        "vidense reproduce --list                                                every published cell",
        "vidense reproduce miniucf-prism-1vpc --data UCF101/ --out reproduced    all of it, from the archive's files",
        "vidense reproduce miniucf-prism-1vpc --on store --scale small --out tried   the same on other data, shorter",
    ),
    "segment": _epilog(
        "vidense segment 50salads --out run --subsample 2                 prism on split 1, every training video kept",
        "vidense segment 50salads --out run-all --subsample 2 --split all --seeds 1 --device cuda",
        "vidense segment features --out run-tsgf --method tsgf --videos 5 --keys 1 --no-ceiling --json",
    ),
    "flow": _epilog(
        "vidense flow run --on store                    a table, and a picture a class in run/flow",
        "vidense flow run --on store --class Surfing --class Archery --algorithm farneback --out surfing",
        "vidense flow run --on store --json             the numbers, for a script",
    ),
    "report": _epilog(
        "vidense report run -o report.html",
        "vidense report runs/prism-* runs/dm-* -o report.html      equal settings and other seeds share a row",
    ),
    "export": _epilog(
        "vidense export run --format mp4 --out videos               play them, or prepare them again",
        "vidense export run --format safetensors --out clips        train on them without vidense, bit for bit",
        "vidense export run --format hf --out my-dataset            for Hugging Face datasets; fill in the licence",
    ),
    "methods": _epilog(
        "vidense methods            all of them in a table",
        "vidense methods prism      its options, with types, defaults and meanings",
        "vidense methods --json",
    ),
    "doctor": _epilog(
        "vidense doctor             what this machine can do, and how to install what it lacks",
        "vidense doctor --json",
    ),
}
