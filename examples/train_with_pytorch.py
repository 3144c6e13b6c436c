"""Train a network of your own on a condensed dataset, with nothing but PyTorch, and test it on real videos.

python examples/train_with_pytorch.py [FOLDER] [--quick] [--out DIR]
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

import vidense
from given import arguments, prepared


class SmallNet(nn.Module):
    """Two convolutions over space and time, an average, class scores."""

    def __init__(self, classes: int) -> None:
        """Build the layers."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv3d(3, 32, (3, 7, 7), stride=(1, 2, 2), padding=1),
            nn.ReLU(),
            nn.Conv3d(32, 64, 3, stride=2),
            nn.ReLU(),
            nn.AdaptiveAvgPool3d(1),
            nn.Flatten(),
            nn.Linear(64, classes),
        )

    def forward(self, clips: Tensor) -> Tensor:
        """Return scores ``[n, classes]`` of clips ``[n, T, 3, H, W]``; PyTorch wants the channels before time."""
        scores: Tensor = self.layers(clips.transpose(1, 2))
        return scores


def main() -> None:
    """Condense, then train and test."""
    given = arguments(__doc__)
    store, run = prepared(given), given.out / "run"
    vpc, iterations, epochs = (1, 5, 5) if given.quick else (5, 75, 100)
    vidense.condense(store, run, method="dm", vpc=vpc, iterations=iterations, options={"lr": 30.0, "batch_real": 4})

    # All that follows needs the run's folder and no videos, but for the test.
    dataset = vidense.load(run)
    network = SmallNet(len(dataset.class_names))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(epochs):
        for clips, labels in DataLoader(dataset, batch_size=16, shuffle=True):
            # Labels are class numbers, or a teacher's probabilities where a set keeps them: this loss takes both. Those
            # that frepo learns are neither; train on dataset.labels then.
            loss = cross_entropy(network(clips), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    test = vidense.ClipStore.open(store).test
    with torch.no_grad():
        scores = torch.cat([network(test.decode(index)) for index in torch.arange(len(test)).split(32)])
    right = (scores.argmax(1) == test.labels).float().mean().item()
    print(f"trained on {len(dataset)} videos: {right:.1%} of {len(test)} real test videos right", end="; ")
    print(f"chance is {1 / len(dataset.class_names):.1%}")


if __name__ == "__main__":
    main()
