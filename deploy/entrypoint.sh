#!/bin/sh
# Secrets lie in files that the container is given, and reach the program by the names it knows them by.
set -eu

secret() {
    if [ -r "${SECRETS:-/run/secrets}/$1" ]; then
        export "$2=$(cat "${SECRETS:-/run/secrets}/$1")"
    fi
}

secret database_password PGPASSWORD
secret model_key OPENAI_API_KEY
secret embedder_key TEI_API_KEY
secret operations_token RAG_OPERATIONS_TOKEN
exec "$@"
