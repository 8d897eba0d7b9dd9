# The backend. Build from the top of the repository; the package index is pip's, or the build argument's.
ARG MIRROR=
ARG PYTHON=python:3.11.13-slim-bookworm

FROM ${MIRROR}${PYTHON} AS build
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/uv.txt requirements/backend.txt requirements/
RUN python -m venv /opt/coldchain && /opt/coldchain/bin/pip install --require-hashes -r requirements/backend.txt \
 && python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r requirements/uv.txt
COPY core core
COPY backend backend
RUN PATH=/opt/build/bin:$PATH /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./core ./backend \
 && /opt/coldchain/bin/pip install --no-deps /wheels/coldchain-*.whl /wheels/coldchain_backend-*.whl

FROM ${MIRROR}${PYTHON}
LABEL org.opencontainers.image.title="coldchain-backend" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 coldchain \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/coldchain --shell /usr/sbin/nologin coldchain \
 && install -d -o coldchain -g coldchain -m 0700 /var/lib/coldchain /var/lib/coldchain-enrol \
 && install -d -o coldchain -g coldchain -m 0755 /var/lib/coldchain-tokens
COPY --from=build /opt/coldchain /opt/coldchain
ENV PATH=/opt/coldchain/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/coldchain
VOLUME /var/lib/coldchain
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["coldchain-backend", "--config", "/etc/coldchain/backend.toml"]
CMD ["serve"]
