# The gateway, for linux/amd64 and linux/arm64. Build from the top of the repository.
ARG MIRROR=
ARG PYTHON=python:3.11.13-slim-bookworm

FROM ${MIRROR}${PYTHON} AS build
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/uv.txt requirements/gateway.txt requirements/
RUN python -m venv /opt/coldchain && /opt/coldchain/bin/pip install --require-hashes -r requirements/gateway.txt \
 && python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements/uv.txt
COPY core core
COPY gateway gateway
RUN PATH=/opt/build/bin:$PATH /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./core ./gateway \
 && /opt/coldchain/bin/pip install --no-deps /wheels/coldchain-*.whl /wheels/coldchain_gateway-*.whl

FROM ${MIRROR}${PYTHON}
LABEL org.opencontainers.image.title="coldchain-gateway" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 coldchain \
 && useradd --uid 10001 --gid 10001 --groups dialout --no-create-home --home-dir /var/lib/coldchain-gateway \
      --shell /usr/sbin/nologin coldchain \
 && install -d -o coldchain -g coldchain -m 0700 /var/lib/coldchain-gateway /var/lib/coldchain-enrol
COPY --from=build /opt/coldchain /opt/coldchain
ENV PATH=/opt/coldchain/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/coldchain-gateway
VOLUME /var/lib/coldchain-gateway
STOPSIGNAL SIGTERM
ENTRYPOINT ["coldchain-gateway", "--config", "/etc/coldchain/gateway.toml"]
CMD ["run"]
