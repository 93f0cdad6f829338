"""Train the tokenizer: byte-pair encoding as CLIP does it (arXiv 2103.00020), on captions and common English words.

Leaves ``work/tokenizer`` with ``tokenizer.json``, ``vocab.json`` and ``merges.txt``, so that every reader of CLIP
tokenizers finds the files it knows.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from tqdm import tqdm
from transformers import CLIPTokenizer

from training.art import load_art
from training.captions import Captions
from training.networks import TOKENS
from training.scenes import SceneMaker
from training.stage import stage_parser

VOCABULARY = 4096
START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
ENGLISH = Path(__file__).with_name("english.txt")


def texts(work: Path, count: int) -> Iterator[str]:
    """Captions of random scenes, every name and word of every concept, and the list of English words."""
    art = load_art(work)
    maker, chance = SceneMaker(art.concepts, art.rows), np.random.default_rng(5)
    captions = Captions(art.concepts, random.Random(5))
    for _ in range(count):
        yield captions.caption(maker.draw(chance))
    for concept in art.concepts:
        yield from [concept.name] * 20 + [*concept.aliases] * 20 + [*concept.words] * 4
    for line in ENGLISH.read_text().splitlines():
        if not line.startswith("#"):
            yield from [line] * 20


def learn_merges(lines: Iterator[str], size: int) -> list[tuple[str, str]]:
    """The pairs of symbols to merge, most frequent first, for a vocabulary of at most ``size``."""
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size - 512 + 80, min_frequency=3, end_of_word_suffix="</w>", show_progress=False
    )
    learner.train_from_iterator(lines, trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    return [(left, right) for left, right in merges][: size - 514]


def vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """Numbers of all symbols: every byte, every byte at a word's end, the merged ones, then start and end."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    symbols = [*letters, *(letter + "</w>" for letter in letters)]
    symbols += [left + right for left, right in merges]
    return {symbol: number for number, symbol in enumerate(dict.fromkeys([*symbols, START, END]))}


def train(work: Path, smoke: bool = False) -> CLIPTokenizer:
    """Train and save the tokenizer."""
    merges = learn_merges(texts(work, 300 if smoke else 20_000), VOCABULARY)
    folder = work / "tokenizer"
    numbers = vocabulary(merges)
    tokenizer = CLIPTokenizer(vocab=numbers, merges=merges, model_max_length=TOKENS)
    tokenizer.save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(numbers, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges))
    lengths = [len(tokenizer(line)["input_ids"]) for line in texts(work, 200)][:200]
    tqdm.write(f"tokenizer: {len(tokenizer)} tokens; captions are {np.mean(lengths):.1f} long, at most {max(lengths)}")
    return tokenizer


def take(work: Path, model: Path) -> None:
    """Use the tokenizer of a finished model: its text encoder knows no other."""
    shutil.copytree(model / "tokenizer", work / "tokenizer", dirs_exist_ok=True)


def load_tokenizer(work: Path) -> CLIPTokenizer:
    """The trained tokenizer."""
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(work / "tokenizer", local_files_only=True)
    return tokenizer


def main() -> None:
    """``python -m training.tokenizer --work DIR [--from-model DIR]``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--from-model", type=Path, help="take the tokenizer of this model instead")
    arguments = parser.parse_args()
    if arguments.from_model:
        take(arguments.work, arguments.from_model)
    else:
        train(arguments.work, arguments.smoke)


if __name__ == "__main__":
    main()
