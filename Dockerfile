# One image, both programs: `snaptrace collector`, `snaptrace replayd`, and every command.
#
# BASE is a Debian-like image with Python 3.11 or newer and CA certificates; give it a
# digest in a release build. BUILD_BASE may differ if BASE lacks venv and pip, as long
# as both have the same Python at the same path.
ARG BASE=docker.io/library/python:3.13-slim-bookworm
ARG BUILD_BASE=${BASE}

# hadolint ignore=DL3006
FROM ${BUILD_BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1
WORKDIR /src
# For strip alone; nothing of this stage but /opt/snaptrace goes on.
# hadolint ignore=DL3008
RUN apt-get update -q && apt-get install -q -y --no-install-recommends binutils \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/build.txt requirements/runtime.txt requirements/
# Everything by hash and from wheels alone: nothing is compiled, nothing floats.
RUN python3 -m venv /opt/build \
    && /opt/build/bin/pip install --quiet --no-deps --require-hashes -r requirements/build.txt \
    && python3 -m venv --without-pip /opt/snaptrace \
    && /opt/build/bin/pip --python /opt/snaptrace/bin/python3 install --quiet \
        --no-deps --require-hashes --only-binary :all: -r requirements/runtime.txt
COPY pyproject.toml LICENSE README.md ./
COPY snaptrace snaptrace
COPY collector collector
COPY replayd replayd
# What only a compiler, a type checker or a debugger would read stays behind, and the
# second of zstandard's two backends. Stripped is only what carries debug information:
# strip damages libraries whose paths were patched when their wheel was made. Bytecode is checked
# by hash, not by time: the root file system is read-only and layers lose times.
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/build/bin/pip --python /opt/snaptrace/bin/python3 install --quiet --no-deps /dist/*.whl \
    && find /opt/snaptrace \( -name tests -o -name include \) -type d -prune -exec rm -rf {} + \
    && find /opt/snaptrace \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.a' \
        -o -path '*/zstandard/_cffi*' \) -delete \
    && find /opt/snaptrace \( -path '*/zstandard/*.so' -o -path '*/aiohttp/*.so' \
        -o -path '*/uvloop/*.so' \) -exec strip -g {} + \
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
