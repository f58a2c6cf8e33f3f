# One image for every process: `web`, `work`, `clock`, or `up` for everything with a Redis of its own.
# It runs without root and with a read-only root file system; docs/deploying.md says how.
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY pyproject.toml ./
COPY worker ./worker
COPY webhooks ./webhooks
COPY sandbox ./sandbox
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.12-slim
RUN useradd --system --uid 10001 --user-group --create-home --home-dir /data minutehand
COPY --from=build /venv /venv
COPY policy.toml /etc/minutehand/policy.toml
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    DATA_DIR=/data \
    POLICY_FILE=/etc/minutehand/policy.toml
USER 10001:10001
# .env is read from here, and `connect` writes it here.
WORKDIR /data
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["minutehand"]
CMD ["up"]
