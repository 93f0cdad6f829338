"""The errors of `noisefox models`; their messages say what to do."""

from generation.errors import NoisefoxError


class UnusableSource(NoisefoxError):
    """What was written as the source of a model names none that can be used."""


class NotReachable(NoisefoxError):
    """A hub, Civitai or another server gave no answer, or refused."""


class NeedsToken(NotReachable):
    """A model is only given to those who have an account; the message names the variable for its token."""


class WrongFile(NoisefoxError):
    """A download is not what was announced: its hash or its length differs. It was deleted."""


class NotSaved(NoisefoxError):
    """A download cannot be saved: the disk is too full, or its folder cannot be written."""


class LicenceNotAccepted(NoisefoxError):
    """The licence of a model was not accepted."""


class NotEdited(NoisefoxError):
    """The configuration cannot be edited by a program; the message says what to write."""
