"""All settings, validated, read once from the environment (`RAG_…`) or a `.env` file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rag.core.errors import SettingsInvalid
from rag.core.installation import default_data_dir

POSTGRESQL = "postgresql+psycopg://"
_MILVUS = re.compile(r"milvus(\+tls)?://([^\s/@]+@)?([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(/\w+)?")


class Settings(BaseSettings):
    """Frozen and hashable, so that services can be cached by them."""

    model_config = SettingsConfigDict(env_prefix="RAG_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default_factory=default_data_dir, description="Where the library, the chats and the models lie."
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="postgresql+psycopg://… for a library that several machines share; empty keeps it in data_dir.",
    )
    vectors: SecretStr = Field(
        SecretStr(""),
        description="milvus://host:port/database for vectors that outgrow PostgreSQL; empty searches them there.",
    )
    samples: bool = Field(
        True, description="Read the sample documents into a collection of their own at the first start."
    )
    language: str = Field(
        "auto", pattern=r"^(auto|[a-z]{2})$", description="Language of the pages: en, de, zh; auto follows the browser."
    )

    open_without_sign_in: bool = Field(
        False, description="Without sign-in, also serve others than this machine; server.address must be set too."
    )
    admins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses, verified by the provider, of those who are admins, separated by commas."
    )
    sign_in_hours: int = Field(12, ge=1, le=720, description="How long a sign-in holds.")
    trust_emails: bool = Field(
        False, description="Take addresses as verified where the provider does not say whether they are."
    )
    record_questions: bool = Field(False, description="Put questions into the admins' record of activity.")

    model: str = Field(
        "llama-2-7b-chat", description="The model that writes, by its name in the catalogue; none for quotes only."
    )
    models_dir: Path | None = Field(
        None, description="Where model files are looked for; default: models in the data folder."
    )
    model_source: str = Field(
        "hub", description="Where models come from: hub, modelscope, a mirror's address, a folder, or none."
    )
    warm_up: bool = Field(
        True, description="Load the embedder and the model when the app starts; false waits for the first question."
    )
    threads: int = Field(0, ge=0, le=256, description="Processor threads for the model; 0 takes what is free.")
    context_tokens: int = Field(4096, ge=512, le=131072, description="Tokens of prompt and answer together.")
    answer_tokens: int = Field(256, ge=16, le=4096, description="Tokens of the written answer at most.")
    temperature: float = Field(0.0, ge=0.0, le=2.0, description="0 writes the likeliest word each time.")
    gpu_layers: int = Field(0, ge=-1, le=1000, description="Layers given to the graphics card; -1 all of them.")
    hf_answer_tokens: int = Field(512, ge=16, le=4096, description="As answer_tokens, of hf: models.")
    hf_temperature: float = Field(0.1, ge=0.0, le=2.0, description="As temperature, of hf: models.")
    hf_repeat_penalty: float = Field(1.1, ge=0.1, le=2.0, description="Repetition penalty of hf: models; 1 is none.")
    hf_stops: tuple[str, ...] = Field(
        ("\nHuman:", "\n```\n"), description="Texts at which an hf: model's answer ends, as a JSON list."
    )
    hf_return_prompt: bool = Field(False, description="Put the prompt before an hf: model's answer.")
    condense: bool = Field(
        False, description="Let the model rewrite a follow-up into a question of its own before searching."
    )
    rewrite: bool = Field(
        False,
        description="Let an able model write an answer again, once, that the documents do not bear out.",
    )
    second_look: bool = Field(
        False,
        description="Ask an able model again, with the sources before it, about what was found supported.",
    )
    queue_limit: int = Field(8, ge=1, le=1000, description="Questions that may wait for the model.")
    server_at_once: int = Field(4, ge=1, le=1000, description="Questions that a model server answers at once.")
    server_seconds: int = Field(120, ge=1, le=3600, description="Longest silence of a model server or embedder.")

    embedder: str = Field(
        "sentence-transformers/all-mpnet-base-v2", description="The embedding model, by name, folder or server."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="Where embeddings are computed.")
    chunk_unit: Literal["tokens", "characters"] = Field(
        "tokens", description="What chunk_size and chunk_overlap count."
    )
    chunk_size: int = Field(
        0, ge=0, le=8192, description="Size of a chunk; 0 fits the embedder. The usual tutorial has 1000 characters."
    )
    chunk_overlap: int = Field(20, ge=0, le=1024, description="How much of a chunk is repeated in the next.")

    passages: int = Field(8, ge=1, le=50, description="Passages looked at for a question.")
    quotes: int = Field(3, ge=1, le=10, description="Best quotes for a question; more where documents say otherwise.")

    intranet: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="host:port of private servers whose pages may be read, separated by commas."
    )
    reader: Literal["here", "elsewhere"] = Field(
        "here", description="Whether the app starts the reader, or python -m rag reader --stay runs elsewhere."
    )
    metrics: bool = Field(False, description="Count questions and answers for Prometheus; see docs/team.md.")
    operations_token: SecretStr = Field(
        SecretStr(""), description="Whoever brings it may ask for /ready and /metrics from another machine."
    )
    upload_megabytes: int = Field(100, ge=1, le=2048, description="Largest file that is read.")
    max_pages: int = Field(2000, ge=1, le=100000, description="Most pages read of one document.")
    max_characters: int = Field(
        20_000_000, ge=10_000, le=1_000_000_000, description="Most characters read of one document."
    )
    parse_seconds: int = Field(120, ge=1, le=3600, description="Longest time spent on reading one document.")
    parse_megabytes: int = Field(2048, ge=256, le=65536, description="Most memory for reading one document.")

    @field_validator("intranet", "admins", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(POSTGRESQL):
            # The URL contains a password, so the message does not quote it.
            raise ValueError(f"it must begin with {POSTGRESQL}")
        return value

    @field_validator("operations_token")
    @classmethod
    def _cannot_be_guessed(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if token and not (token.isascii() and token.isprintable() and " " not in token and len(token) >= 16):
            raise ValueError("it must be 16 letters and digits or more")
        return value

    @field_validator("vectors")
    @classmethod
    def _is_milvus(cls, value: SecretStr, others: ValidationInfo) -> SecretStr:
        if value.get_secret_value():
            if not _MILVUS.fullmatch(value.get_secret_value()):
                # As above.
                raise ValueError("it must be milvus://host:port, where needed with user:password@ or /database")
            if not others.data.get("database_url", SecretStr("")).get_secret_value():
                raise ValueError("it needs a library in PostgreSQL: set RAG_DATABASE_URL too")
        return value

    @property
    def models_folder(self) -> Path:
        return self.models_dir or self.data_dir / "models"


def load() -> Settings:
    """The settings of this process. Raises SettingsInvalid, naming the first invalid setting."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "RAG_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsInvalid(setting=name, problem=first["msg"].removeprefix("Value error, ")) from error
