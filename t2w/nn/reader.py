"""The reader: latent pictures in, what is to be seen in them out. An outpainter is told by one what kind of world a first frame shows; and what is
painted is read by one, in training, and held against what it was asked to be."""

import torch
from torch import Tensor, nn

from t2w.nn.critic import Residual
from t2w.nn.judge import Questionnaire, Questions


class Reader(nn.Module):
    def __init__(self, channels: int, height: int, width: int, questions: Questions, d: int = 128):
        """Of pictures (n c h w)."""
        super().__init__()
        fine = nn.Conv2d(channels, d // 2, 3, padding=1), Residual(d // 2), Residual(d // 2), nn.SiLU()
        self.trunk = nn.Sequential(*fine, nn.Conv2d(d // 2, d, 3, stride=2, padding=1), Residual(d), Residual(d), nn.SiLU())
        self.questions = Questionnaire(d, height * width // 4, questions)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """(n c h w) => answers (n words each)."""
        return self.questions(self.trunk(pictures.contiguous(memory_format=torch.channels_last)))

    @torch.no_grad()
    def kind(self, pictures: Tensor) -> Tensor:
        """How likely each answer is, to one question after the other (n answers)."""
        return torch.cat([said.softmax(1) for said in self(pictures).values()], 1)
