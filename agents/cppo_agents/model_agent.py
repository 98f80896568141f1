"""A model as an agent: a strategy on a back end, many episodes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from cppo_agents.backends import Backend, Failure, KnowsModel, Reply, Request
from cppo_agents.backends.by_region import by_region
from cppo_agents.draws import EpisodeCounter, seed_of
from cppo_agents.models.lengths import Lengths, LongPrompts, most_tokens, obstacle_of
from cppo_agents.strategies import Sampling, Strategy, make_strategy
from cppo_agents.strategies.base import Steps
from cppo_env import plugins
from cppo_env.errors import AgentError, UsageError
from cppo_env.prompts import Prompts, load_prompts
from cppo_env.protocols import EpisodeKey, ProblemSet
from cppo_env.types import Observation, Problem

PAPER = Sampling()


class ModelAgent:
    """Plays each episode by the strategy, with all prompts of a round in one batch."""

    def __init__(self, strategy: Strategy, backend: Backend, seed: int | None = None):
        """With a `seed`, each request has a seed derived from it and the episode."""
        self.strategy = strategy
        self.backend = backend
        self.tokens: list[int] = []
        """Tokens that the model generated for each observation of the last `act`."""
        self.replies: list[tuple[Reply, ...]] = []
        """What the model answered for each observation of the last `act`, thoughts and all."""
        self.seed = seed
        self.lengths: Lengths | None = None
        """Limits on prompts and answers, where the back end's model is in reach."""
        self._counter = EpisodeCounter()

    @property
    def independent_attempts(self) -> bool:
        """Whether the strategy draws the K attempts independently."""
        return self.strategy.independent_attempts

    @property
    def writes_plans(self) -> bool:
        """Whether the strategy asks the model for plans."""
        return self.strategy.writes_plans

    @property
    def prompts(self) -> Prompts:
        """The words of its prompts."""
        return self.strategy.prompts

    def declines(self, problem: Problem) -> str | None:
        """Why a problem's prompts are too long; see `cppo_env.protocols.Declines`."""
        if self.lengths is None or not isinstance(self.backend, KnowsModel):
            return None
        k, measure = self.strategy.k, self.backend.prompt_tokens
        return obstacle_of(problem, k, self.lengths, measure, self.prompts)

    def _complete(self, requests: list[Request]) -> list[Reply | Failure]:
        """The back end's answers; a prompt that became too long gets an empty one, cut off."""
        backend, lengths = self.backend, self.lengths
        if lengths is None or lengths.context is None or not isinstance(backend, KnowsModel):
            return backend.complete(requests)
        rooms = [lengths.context - lengths.beside(one.max_tokens, one.thoughts) for one in requests]
        fits = [
            most_tokens(one.messages) <= room or backend.prompt_tokens(one.messages) <= room
            for one, room in zip(requests, rooms, strict=True)
        ]
        asked = [one for one, fit in zip(requests, fits, strict=True) if fit]
        answers = iter(backend.complete(asked) if asked else ())
        return [next(answers) if fit else Reply("", truncated=True) for fit in fits]

    def act(self, observations: Sequence[Observation]) -> list[tuple[str, ...]]:
        """K texts for each observation.

        Raises:
            AgentError: the back end failed for some observations; it carries the others' texts.
        """
        return self.act_in(self._counter.keys(observations), observations)

    def act_in(
        self, keys: Sequence[EpisodeKey], observations: Sequence[Observation]
    ) -> list[tuple[str, ...]]:
        """K texts for each observation; see `cppo_env.protocols.DrawsByEpisode`.

        Raises:
            AgentError: the back end failed for some observations; it carries the others' texts.
        """
        episodes = [
            _Progress(
                self._steps(one), None if self.seed is None else (self.seed, *key, one["phase"])
            )
            for key, one in zip(keys, observations, strict=True)
        ]
        while waiting := [episode for episode in episodes if episode.requests]:
            batch = [request for episode in waiting for request in episode.requests]
            answers = iter(self._complete(batch))
            for episode in waiting:
                episode.advance([next(answers) for _ in episode.requests])
        self.tokens = [episode.tokens for episode in episodes]
        self.replies = [tuple(episode.replies) for episode in episodes]
        reasons = [episode.failure.reason for episode in episodes if episode.failure]
        if reasons:
            raise AgentError(
                f"no answer for {len(reasons)} of {len(episodes)} episodes: {reasons[0]}",
                [episode.texts for episode in episodes],
            )
        return [episode.texts for episode in episodes if episode.texts is not None]

    def _steps(self, observation: Observation) -> Steps:
        return (
            self.strategy.solve(observation)
            if observation["phase"]
            else self.strategy.plan(observation)
        )


class _Progress:
    """The strategy's state in one episode: pending requests, K texts, or a failure."""

    def __init__(self, steps: Steps, key: tuple[object, ...] | None):
        """The seeds of the requests follow from `key`, their round and their place in it."""
        self.requests: list[Request] = []
        self.texts: tuple[str, ...] | None = None
        self.failure: Failure | None = None
        self.tokens = 0
        self.replies: list[Reply] = []
        self._steps, self._key, self._round = steps, key, 0
        self._resume(lambda: next(steps))

    def advance(self, answers: Sequence[Reply | Failure]) -> None:
        """Hand the strategy the answers of a round; one failed request fails the episode."""
        completions = [answer for answer in answers if isinstance(answer, Reply)]
        self.tokens += sum(completion.tokens for completion in completions)
        self.replies += [
            replace(answer, asked=request.methods)
            for request, answer in zip(self.requests, answers, strict=True)
            if isinstance(answer, Reply)
        ]
        self.failure = next((answer for answer in answers if isinstance(answer, Failure)), None)
        if self.failure:
            self.requests = []
            self._steps.close()
        else:
            self._resume(lambda: self._steps.send(completions))

    def _resume(self, resume: Callable[[], list[Request]]) -> None:
        try:
            self.requests = [self._seeded(i, one) for i, one in enumerate(resume())]
            self._round += 1
        except StopIteration as finished:
            self.requests, self.texts = [], finished.value

    def _seeded(self, place: int, request: Request) -> Request:
        if self._key is None:
            return request
        return replace(request, seed=seed_of(*self._key, self._round, place))


class NamedModelAgent(ModelAgent):
    """A `ModelAgent` whose parts are given by name, as a command line gives them."""

    backend_class: ClassVar[Callable[..., Backend]]

    def __init__(
        self,
        model: Any = None,
        *,
        planner: Any = None,
        solver: Any = None,
        strategy: str = "tuple",
        k: int = 4,
        seed: int | None = None,
        plan_temperature: float = PAPER.plan_temperature,
        plan_tokens: int = PAPER.plan_tokens,
        solve_temperature: float = PAPER.solve_temperature,
        solve_tokens: int = PAPER.solve_tokens,
        plan_thoughts: int = PAPER.plan_thoughts,
        solve_thoughts: int = PAPER.solve_thoughts,
        max_prompt_tokens: int | None = None,
        long_prompts: LongPrompts = "drop",
        problems: ProblemSet = (),
        prompts: str = "plain",
        **backend: Any,
    ):
        """Loads the model or prepares the connection.

        Args:
            model: name or path of the model; what else it may be is the back end's matter.
            planner: another model that writes the plans.
            solver: another model that writes the solutions.
            strategy: "direct", "plan-and-solve", "plan-search", "skills", "tuple" or
                "tuple-independent".
            k: number of branches K.
            seed: with the episode, seeds the requests; None leaves them unseeded.
            plan_temperature: temperature of the planner's region.
            plan_tokens: tokens of one plan at most.
            solve_temperature: temperature of the solver's region.
            solve_tokens: tokens of one solution at most.
            plan_thoughts: tokens of the thoughts before a plan at most, a budget of their own
                (docs/models.md); 0: the model is not asked to think.
            solve_thoughts: tokens of the thoughts before a solution at most.
            max_prompt_tokens: tokens of one prompt at most. None: what the model's context leaves
                beside the answer.
            long_prompts: "drop" declines problems with longer prompts, "refuse" does not start.
            problems: what will be played, for "refuse".
            prompts: words of the prompts: "plain", "strong", or a folder (docs/prompts.md).
            **backend: further arguments of the back end.

        Raises:
            UsageError: the model check refuses the model; there is no model for a region; or a
                prompt cannot be used.
        """
        for name, budget in (("plan_thoughts", plan_thoughts), ("solve_thoughts", solve_thoughts)):
            if budget < 0:
                raise UsageError(f"{name}: got {budget}, expected a number of tokens, or 0")
        sampling = Sampling(
            *(plan_temperature, plan_tokens, solve_temperature, solve_tokens),
            *(plan_thoughts, solve_thoughts),
        )
        chosen = make_strategy(strategy, k, sampling, load_prompts(prompts))
        planner, solver = _models(model, planner, solver, chosen.writes_plans, strategy)

        def load(named: Any) -> Backend:
            options = {"model": named, **backend}
            return plugins.construct(type(self).backend_class, options, "back end")

        one = planner is None or planner is solver or planner == solver
        super().__init__(
            chosen, load(solver) if one else by_region(load(planner), load(solver)), seed
        )
        self.model_check: dict[str, Any] | None = None
        """What the model check found, where the back end's model is in reach."""
        if isinstance(self.backend, KnowsModel):
            plans = chosen.writes_plans
            self.lengths = Lengths(
                plan_tokens if plans else 0,
                solve_tokens,
                self.backend.context,
                max_prompt_tokens,
                plan_thoughts=plan_thoughts if plans else 0,
                solve_thoughts=solve_thoughts,
                marks=self.backend.thinking_tokens,
            )
            check = self.backend.check(self.lengths).required()
            self.model_check = {**check.to_json(), "lines": check.lines}
        elif max_prompt_tokens is not None or long_prompts == "refuse":
            given = "long_prompts=refuse" if max_prompt_tokens is None else "max_prompt_tokens"
            raise UsageError(
                f"{given}: the model is behind an endpoint and its tokenizer is not known here; "
                "leave it out, or take the agent transformers or vllm"
            )
        if long_prompts == "refuse":
            for index in range(len(problems)):
                if reason := self.declines(problems[index]):
                    raise UsageError(f"long_prompts=refuse: problem {problems[index].id}: {reason}")


def _models(
    model: Any, planner: Any, solver: Any, writes_plans: bool, strategy: str
) -> tuple[Any, Any]:
    """The models of both regions; no planner where nobody plans."""
    if planner is not None and not writes_plans:
        raise UsageError(f"planner: strategy {strategy!r} writes no plans; leave it out")
    planner = model if planner is None and writes_plans else planner
    solver = model if solver is None else solver
    given = {"solver": solver, **({"planner": planner} if writes_plans else {})}
    if missing := sorted(name for name, one in given.items() if one is None):
        raise UsageError(
            f"model: got none for the {' and the '.join(missing)}; give the name or path of a "
            "model as model, or as planner and solver"
        )
    return planner, solver
