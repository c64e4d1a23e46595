"""Models that do not run here: a real llama.cpp server on loopback, servers that refuse, classes of one's own."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from rag.core.errors import ModelBusy, ModelDenied, ModelPackageMissing, ModelRefused, ModelUnknown, ModelUnreachable
from rag.models.llms import open_model
from tests.support.llama import llama_server
from tests.support.serving import Reply, Served, serving

ASKED = [
    SystemMessage("Answer from the text: The capital of France is Paris."),
    HumanMessage("What is the capital of France?"),
]


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "HF_TOKEN", "HUGGINGFACEHUB_API_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("rag.models.llms.remote.get_token", lambda: None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with llama_server() as running:
        yield running.address


@pytest.mark.parametrize("name", ["openai:smollm2@{url}", "openai:smollm2@{url}/v1", "hub:HuggingFaceTB/SmolLM2@{url}"])
def test_a_real_llama_cpp_server_streams_the_answer(server: str, name: str) -> None:
    llm = open_model(name.format(url=server), answer_tokens=16)
    pieces = [chunk.text for chunk in llm.stream(ASKED)]
    assert "Paris" in "".join(pieces)
    assert len(pieces) > 3
    assert "Paris" in llm.invoke(ASKED).text
    assert "Paris" not in llm.invoke(ASKED, stop=["Paris"]).text


def test_the_answer_keeps_its_length(server: str) -> None:
    llm = open_model(f"openai:smollm2@{server}", answer_tokens=4)
    assert 0 < len([chunk for chunk in llm.stream("Tell me about the sea.") if chunk.text]) <= 5


@pytest.fixture
def refusing(request: pytest.FixtureRequest) -> Iterator[Served]:
    """A server that answers everything with one status."""
    with serving(lambda path: Reply(b"{}", request.param, {"Content-Length": "2"})) as served:
        yield served


@pytest.mark.parametrize(
    ("refusing", "error"),
    [(401, ModelDenied), (403, ModelDenied), (404, ModelUnknown), (429, ModelBusy), (500, ModelRefused)],
    indirect=["refusing"],
)
def test_a_refusal_becomes_the_error_that_tells_what_to_do(refusing: Served, error: type[Exception]) -> None:
    with pytest.raises(error):
        open_model(f"hub:meta-llama/Llama-2-7b-chat-hf@{refusing.at('')}").invoke("Hi")


@pytest.mark.parametrize("refusing", [401], indirect=True)
def test_the_key_is_sent_to_the_server_and_shown_to_nobody(refusing: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    llm = open_model(f"openai:some@{refusing.at('')}")
    with pytest.raises(ModelDenied) as denied:
        llm.invoke("Hi")
    sent = {name.lower(): value for name, value in refusing.requests[0][1].items()}
    assert sent["authorization"] == "Bearer sk-very-secret"
    assert "very-secret" not in f"{denied.value} {denied.value.fields} {llm!r}"


@pytest.mark.parametrize("scheme", ["openai:some@", "hub:a/b@"])
def test_a_server_that_is_not_there_is_unreachable(scheme: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelUnreachable):
        open_model(f"{scheme}http://127.0.0.1:{port}").invoke("Hi")


def test_the_hub_without_a_token_is_denied_before_anything_is_sent() -> None:
    with pytest.raises(ModelDenied):
        open_model("hub:google/flan-ul2")


def test_a_provider_whose_package_is_missing_is_named_with_it() -> None:
    with pytest.raises(ModelPackageMissing) as missing:
        open_model("anthropic:claude-sonnet-4-5")
    assert missing.value.fields["package"] == "langchain-anthropic"


def test_a_provider_without_a_key_is_denied_and_an_unknown_one_unknown() -> None:
    with pytest.raises(ModelDenied):
        open_model("openai:gpt-4o")
    with pytest.raises(ModelUnknown):
        open_model("nobody:nothing")
    with pytest.raises(ModelUnknown):
        open_model("openai:some@ftp://127.0.0.1")


# Models of one's own


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The example of docs/models.md as a module that Python finds, with some others beside it."""
    docs = (Path(__file__).parents[2] / "docs" / "models.md").read_text("utf-8")
    example = re.search(r"```python\n(# my_model.py\n.*?)```", docs, re.DOTALL)
    assert example is not None, "docs/models.md shows a model of one's own"
    extra = (
        "from langchain_core.language_models import FakeListChatModel\n"
        "def shout(prompt: str) -> str:\n    return prompt.upper()\n"
        "ready = FakeListChatModel(responses=['ready'])\nnumber = 7\n"
    )
    (tmp_path / "my_model.py").write_text(example.group(1) + extra)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "my_model"
    import sys

    sys.modules.pop("my_model", None)


def test_the_example_of_the_documentation_works(own_module: str) -> None:
    llm = open_model("custom:my_model:CustomLLM")
    assert llm.invoke("What is the capital of France? It is Paris.").text == "It is Paris."
    assert "".join(chunk.text for chunk in llm.stream("One. Two.")) == "Two."


def test_a_function_and_a_ready_chat_model_work_too(own_module: str) -> None:
    assert open_model("custom:my_model:shout").invoke("hello").text == "HELLO"
    assert open_model("custom:my_model:ready").invoke("hello").text == "ready"


@pytest.mark.parametrize(
    "name", ["custom:no_such_module:x", "custom:my_model:nothing", "custom:my_model:number", "custom:"]
)
def test_what_is_no_model_is_unknown(own_module: str, name: str) -> None:
    with pytest.raises(ModelUnknown):
        open_model(name)
