import pytest

from bot.locales import addressing
from bot.views.circumstances import in_words


@pytest.mark.parametrize(
    ("kept", "spanish"),
    [
        ("cpu, bfloat16, up to 64 rows, 1 thread", "cpu, bfloat16, hasta 64 filas, 1 hilo"),
        ("cpu, bfloat16 and float32, 1 row always, 2 threads", "cpu, bfloat16 y float32, siempre 1 fila, 2 hilos"),
        ("cuda, float16, up to 1 row, decoded in tiles", "cuda, float16, hasta 1 fila, decodificada por mosaicos"),
        ("cuda, float16, tile by tile", "cuda, float16, mosaico a mosaico"),
        ("cuda, float16, FluxPipeline", "cuda, float16, FluxPipeline"),
    ],
)
def test_it_is_kept_in_english_and_shown_in_the_readers_language(kept: str, spanish: str) -> None:
    with addressing("en-US"):
        assert in_words(kept) == kept
    with addressing("es-ES"):
        assert in_words(kept) == spanish
