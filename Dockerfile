# Images: `docker build --target api .`, `docker build --target worker .` and, where circuits run on a Ray cluster,
# `docker build --target ray .`, which is its nodes and the Workers that use it.
# Neither runs as root nor writes anywhere but /data and /tmp.

FROM python:3.12-slim AS base
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1 \
    QUANTUMTASK_DATA_DIR=/data \
    HOME=/tmp
# The number is fixed so that the images, and a folder of the host mounted at /data, agree on it.
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin quantumtask \
 && mkdir --mode=700 /data \
 && chown quantumtask:quantumtask /data
VOLUME /data

FROM base AS package
WORKDIR /src
COPY requirements/build.lock ./
RUN pip install -r build.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /dist .

# The API never imports Qiskit, and its image does not hold it.
FROM base AS api
COPY requirements/api.lock /tmp/api.lock
RUN pip install -r /tmp/api.lock && rm /tmp/api.lock
COPY --from=package /dist /tmp/dist
RUN pip install --no-deps /tmp/dist/*.whl && rm -r /tmp/dist
USER quantumtask
ENV QUANTUMTASK_HOST=0.0.0.0 QUANTUMTASK_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 CMD \
  ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["quantumtask"]
CMD ["api"]

FROM base AS worker
COPY requirements/run.lock requirements/qsim.lock requirements/devices.lock /tmp/
RUN pip install -r /tmp/run.lock \
 && pip install --no-deps -r /tmp/qsim.lock -r /tmp/devices.lock \
 && rm /tmp/run.lock /tmp/qsim.lock /tmp/devices.lock
COPY --from=package /dist /tmp/dist
RUN pip install --no-deps /tmp/dist/*.whl && rm -r /tmp/dist
USER quantumtask
ENV QUANTUMTASK_WORKER_HOST=0.0.0.0 QUANTUMTASK_WORKER_PORT=8001
EXPOSE 8001
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=5 CMD \
  ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8001/health', timeout=2)"]
ENTRYPOINT ["quantumtask"]
CMD ["worker"]

# Of one image, because a Ray cluster wants one version of Ray and of Python everywhere.
FROM worker AS ray
USER root
COPY requirements/ray.lock /tmp/ray.lock
RUN pip install -r /tmp/ray.lock && rm /tmp/ray.lock
USER quantumtask
