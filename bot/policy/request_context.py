"""Everything that is known of a request before it is planned: loaded once, then handed on.

Only a request that waits for a download is planned a second time, by the rules as they are then.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product

from bot.errors import Refusal
from bot.policy import blocked_words
from bot.policy.blocked_content import BlockedContent
from bot.policy.effective import HOST, EffectiveRules, SourcedValue, effective_rules, locked, set_by
from bot.policy.look_book import ChosenLook, LookBook
from bot.policy.requester import SERVER, Requester
from bot.policy.server_rules import check_loras, check_place, may_use
from bot.policy.usual_count import Seconds, unmeasured
from generation import fingerprints
from generation.catalogue import Catalogue
from generation.errors import UserError
from generation.prompts.choices import WordLists
from generation.sentences import Sentence
from generation.settings import GenerationSettings, Limits
from storage.look_records import Look
from storage.people import People
from storage.preferences import Preferences
from storage.records import ANY_MODEL, Defaults, NsfwPolicy, PersonalSettings
from storage.rulebook import MODEL, Kind, Rulebook
from storage.server_rules import ServerRules


@dataclass(frozen=True, slots=True)
class NsfwHandling:
    """How pictures are kept from those who should not see them. No preview is shown under either.

    `spoiler` covers every picture. `guard` is what happens to those that the safety checker flags.
    """

    spoiler: bool = False
    guard: NsfwPolicy = NsfwPolicy.OFF


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The person and the place, what they prefer, and the rules of both. It asks no database, and knows no budgets."""

    requester: Requester
    rulebook: Rulebook
    """Empty in direct messages."""
    own_defaults: Defaults
    personal: PersonalSettings
    catalogue: Catalogue
    host_limits: Limits
    seconds: Seconds = unmeasured
    """How fast the device draws."""
    host_lists: WordLists = field(default_factory=dict)
    """The host's word lists."""
    looks: tuple[ChosenLook, ...] = ()
    """The looks that a request from words names."""

    @property
    def word_lists(self) -> WordLists:
        """The word lists for prompts here. The server's own outweigh the host's."""
        return {**self.host_lists, **self.rulebook.word_lists}

    @property
    def covers_given(self) -> bool:
        """True where pictures that people gave, which nothing checks, are shown behind a spoiler."""
        return self.rulebook.nsfw is not NsfwPolicy.OFF and not self.requester.age_restricted

    def effective(self, model: str) -> EffectiveRules:
        """The rules that apply with a model. Raises `UnknownModel`."""
        spec = self.catalogue.get(model)
        return effective_rules(self.rulebook, self.requester, spec, self.own_defaults, self.host_limits, self.seconds)

    @property
    def usual_model(self) -> str:
        """The model of a request that names none: the person's own, where they may use it, else the place's."""
        own = self.personal.model
        if own in self.catalogue.names:
            with suppress(UserError):
                self.check([], own)
                return own
        name: str = self.model_of_place.value
        return name

    @property
    def model_of_place(self) -> SourcedValue:
        """The model that draws here for whoever has none of their own: the server's, else the first that it allows."""
        names = self.catalogue.names
        allowed = self.rulebook.allowed.get(Kind.MODEL, frozenset(names))
        said = set_by(self.rulebook, self.requester, ANY_MODEL, MODEL, "default")
        if said and said.value in names and said.value in allowed:
            return said
        usual = next((name for name in names if name in allowed), names[0])
        return SourcedValue(usual, HOST if usual == names[0] else SERVER)

    def check(self, drawn: Sequence[GenerationSettings], model: str, *, draws: bool = True) -> EffectiveRules:
        """The rules under which all that is `drawn` with a model is allowed. Raises `UserError` where it is not.

        draws: False where it is drawn already and only enlarged, so that its steps and the like are nobody's cost.
        """
        spec = self.catalogue.get(model)
        check_place(self.rulebook, self.requester, spec, self.catalogue.names)
        rules = self.effective(model)
        if MODEL in rules.locked and (fixed := self.model_of_place.value) != model:
            raise locked(MODEL, fixed)
        for settings in drawn:
            if (word := blocked_words.asked_for(self.rulebook.blocked_words, settings)) is not None:
                raise BlockedContent(
                    Sentence("the word {name}"), word, "“{name}” is blocked on this server. Remove it from the prompt."
                )
            if (name := blocked_words.person_asked_for(self.rulebook.blocked_people, settings)) is not None:
                raise BlockedContent(
                    Sentence("the person {name}"),
                    name,
                    "Pictures of {name} are blocked on this server. Remove the name from the prompt.",
                )
            check_loras(self.rulebook, self.requester, settings.prompt)
            if draws:
                rules.check(settings, spec)
        return rules

    def may_use(self, lora: str) -> bool:
        """True where the person may use a LoRA here."""
        return may_use(self.rulebook, self.requester, lora)

    def check_pictures(self, given: Iterable[str]) -> None:
        """Raise `BlockedContent` where a given picture, by its fingerprint, is blocked here."""
        blocked = self.rulebook.blocked_pictures.items()
        for (name, known), fingerprint in product(blocked, given):
            if fingerprints.are_alike(known, fingerprint):
                raise BlockedContent(
                    Sentence("the picture {name}"), name, "This picture is blocked on this server. Choose another one."
                )

    def check_without_model(self, drawn: Sequence[GenerationSettings]) -> EffectiveRules:
        """As `check`, for pictures of models that the host no longer has: nothing says that they are harmless."""
        if self.rulebook.nsfw is NsfwPolicy.BLOCK and not self.requester.age_restricted:
            raise Refusal("This picture wasn't checked. You can only see it in age-restricted channels.")
        return self.check(drawn, self.model_of_place.value, draws=False)

    def nsfw(self, model: str) -> NsfwHandling:
        """How pictures of a model are handled here."""
        policy = self.rulebook.nsfw
        if policy is NsfwPolicy.OFF or self.requester.age_restricted:
            return NsfwHandling()
        if model not in self.catalogue.names:
            return NsfwHandling(spoiler=True)
        spec = self.catalogue.get(model)
        if spec.harmless:
            return NsfwHandling()
        return NsfwHandling(guard=policy) if spec.is_checked else NsfwHandling(spoiler=True)


class ContextLoader:
    """Loads request contexts from the database."""

    def __init__(
        self,
        *,
        host_limits: Limits,
        catalogue: Catalogue,
        rules: ServerRules,
        preferences: Preferences,
        people: People,
        seconds: Seconds = unmeasured,
        host_lists: WordLists | None = None,
        looks: LookBook,
    ) -> None:
        self._looks = looks
        self._seconds = seconds
        self._host_lists = host_lists or {}
        self._host_limits = host_limits
        self._catalogue = catalogue
        self._rules = rules
        self._preferences = preferences
        self._people = people

    async def load(self, requester: Requester) -> RequestContext:
        """The context of a request that `requester` makes now."""
        guild_id, user_id = requester.guild_id, requester.user_id
        return RequestContext(
            requester=requester,
            rulebook=Rulebook() if guild_id is None else await self._rules.of(guild_id),
            own_defaults=await self._preferences.of_user(user_id),
            personal=await self._people.personal_settings(user_id),
            catalogue=self._catalogue,
            host_limits=self._host_limits,
            seconds=self._seconds,
            host_lists=self._host_lists,
        )

    async def with_looks(self, context: RequestContext, named: Sequence[tuple[str, float | None]]) -> RequestContext:
        """The context of a request that names looks. Raises `Refusal` for one that its person may not use."""
        return replace(context, looks=await self._looks.chosen(context.requester, named))

    async def usable_looks(self, requester: Requester) -> list[Look]:
        """The looks that a person may use here."""
        return await self._looks.usable(requester)
