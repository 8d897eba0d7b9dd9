# The simulator and the webhook receiver of the demo profile. Build from the top of the repository.
ARG MIRROR=
ARG PYTHON=python:3.11.13-slim-bookworm

FROM ${MIRROR}${PYTHON} AS build
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/uv.txt requirements/demo.txt requirements/
RUN python -m venv /opt/coldchain && /opt/coldchain/bin/pip install --require-hashes -r requirements/demo.txt \
 && python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements/uv.txt
COPY core core
COPY firmware-sim firmware-sim
RUN PATH=/opt/build/bin:$PATH /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./core ./firmware-sim \
 && /opt/coldchain/bin/pip install --no-deps /wheels/coldchain-*.whl /wheels/coldchain_sim-*.whl

FROM ${MIRROR}${PYTHON}
LABEL org.opencontainers.image.title="coldchain-demo" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 coldchain \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin coldchain
COPY --from=build /opt/coldchain /opt/coldchain
COPY demo /opt/demo/demo
ENV PATH=/opt/coldchain/bin:$PATH PYTHONPATH=/opt/demo PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
STOPSIGNAL SIGTERM
CMD ["coldchain-sim", "list"]
