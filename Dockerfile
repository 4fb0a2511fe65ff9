# One image, both programs: `snaptrace collector`, `snaptrace replayd`, and every command.
#
# BASE is a Debian with Python 3.11 or newer, its C++ library and CA certificates, and
# needs no more: no shell, no packages. BUILD_BASE is a Debian of the same release with
# apt, so that both hold the same Python at the same path (docs/adr/0027). Give both a
# digest in a release build.
ARG BASE=gcr.io/distroless/python3-debian12:nonroot
ARG BUILD_BASE=docker.io/library/debian:bookworm-slim

# hadolint ignore=DL3006
FROM ${BUILD_BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1
WORKDIR /src
# binutils to strip; nothing of this stage but /opt/snaptrace goes on.
# hadolint ignore=DL3008
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends binutils ca-certificates python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/build.txt requirements/workers.txt requirements/trim requirements/
# Everything by hash and from wheels alone: nothing is compiled, nothing floats. The
# environment names Python by its full version, the one name that every BASE has.
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --quiet --no-deps --require-hashes -r requirements/build.txt \
    && "$(readlink -f "$(command -v python3)")" -m venv --without-pip /opt/snaptrace \
    && /opt/build/bin/pip --python /opt/snaptrace/bin/python3 install --quiet \
        --no-deps --require-hashes --only-binary :all: -r requirements/workers.txt
COPY pyproject.toml LICENSE README.md ./
COPY snaptrace snaptrace
COPY collector collector
COPY replayd replayd
# Bytecode is checked by hash, not by time: the root file system is read-only and
# layers lose times.
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/build/bin/pip --python /opt/snaptrace/bin/python3 install --quiet --no-deps /dist/*.whl \
    && requirements/trim /opt/snaptrace \
    && /opt/snaptrace/bin/python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        /opt/snaptrace/lib \
    && /opt/snaptrace/bin/snaptrace collector --help > /dev/null \
    && /opt/snaptrace/bin/snaptrace replayd --help > /dev/null \
    && /opt/snaptrace/bin/snaptrace --help > /dev/null

# hadolint ignore=DL3006
FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="snaptrace" \
      org.opencontainers.image.description="Live GenAI spans become a living regression suite, per modality" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/snaptrace /opt/snaptrace
ENV PATH=/opt/snaptrace/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /tmp
# OTLP gRPC and HTTP, collector metrics, replayd metrics and verdicts, inspection page.
EXPOSE 4317 4318 9464 9465 9466
ENTRYPOINT ["snaptrace"]
CMD ["--help"]
