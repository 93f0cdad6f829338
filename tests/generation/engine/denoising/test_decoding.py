import pytest
import torch

from generation.engine.denoising.decoding import beside_steps


def test_pictures_of_a_device_are_decoded_in_one_stream_of_that_device(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def stream(device: torch.device) -> object:
        made.append(device)
        return object()

    monkeypatch.setattr(torch.cuda, "Stream", stream)
    first, second = torch.device("cuda", 8), torch.device("cuda", 9)
    streams = [beside_steps(device) for device in (first, second, first, second)]
    beside_steps.cache_clear()
    assert made == [first, second]
    assert streams[:2] == streams[2:]
    assert streams[0] is not streams[1]
