# The app, and the reader as a service of its own, in one image. See docs/team.md, "Deployment".
# It was linted and parsed (tests/test_deployment.py), and never built where it was written: no registry of images could
# be reached. What it installs and runs is what make, make dist and make scale install and run.

FROM python:3.11.14-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
COPY requirements.txt requirements-team.txt requirements-llama.txt ./
# The build of torch for processors: the ordinary one brings 2.5 GB of CUDA along.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install --upgrade "pip>=26" \
 && pip install --no-deps --index-url "$TORCH_INDEX" "$(grep '^torch==' requirements.txt)" \
 && grep -v '^-r ' requirements.txt > app.txt \
 && pip install -r app.txt -r requirements-team.txt
# The model that writes runs on a server as a rule. LOCAL_MODEL=yes puts llama.cpp into the image: a ready build, or,
# where its index has none, a compiled one.
ARG LOCAL_MODEL=no
ARG LLAMA_INDEX=https://abetlen.github.io/llama-cpp-python/whl/cpu
# hadolint ignore=DL3008
RUN if [ "$LOCAL_MODEL" = yes ]; then \
      pip install --no-deps --only-binary :all: --index-url "$LLAMA_INDEX" \
        "$(grep '^llama-cpp-python==' requirements-llama.txt)" \
   || { apt-get update && apt-get install -y --no-install-recommends build-essential; } \
   && pip install -r requirements-llama.txt \
   && rm -rf /var/lib/apt/lists/*; \
    fi
# The wheel, of which pip compiles the files: the root is read-only where it runs.
COPY pyproject.toml README.md LICENSE app.py chat.py serve.py ./
COPY .streamlit/config.toml .streamlit/
COPY data/samples data/samples
COPY pages pages
COPY rag rag
RUN pip wheel --no-deps --wheel-dir dist . && pip install --no-deps dist/*.whl && pip check

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin footnote \
 && install -d -o footnote -g footnote -m 0700 /data
COPY --from=packages /opt/venv /opt/venv
# Streamlit looks for .streamlit/secrets.toml here.
WORKDIR /app
COPY deploy/entrypoint.sh /entrypoint.sh
# TOKENIZERS_PARALLELISM is taken for a token.
# hadolint ignore=DL3064
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false \
    RAG_DATA_DIR=/data \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["/bin/sh", "/entrypoint.sh"]
CMD ["footnote", "run", "--team"]
