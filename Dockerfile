# Build: everything is installed by hash into one virtual environment.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/junkan
COPY requirements.lock pyproject.toml README.md ./
RUN /opt/junkan/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY standards standards
COPY foundation foundation
COPY traceability traceability
COPY marketplace marketplace
COPY reports reports
COPY app app
RUN /opt/junkan/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

# Run: a small image, an unprivileged user, an init that reaps (a killed PostgreSQL must not stay a zombie).
FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 junkan \
    && install -d -o junkan -g junkan -m 0700 /data
COPY --from=build /opt/junkan /opt/junkan
USER junkan
ENV PATH=/opt/junkan/bin:$PATH JUNKAN_DATA_DIR=/data JUNKAN_HOST=0.0.0.0 JUNKAN_PORT=8000 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["tini", "--"]
CMD ["junkan", "serve"]
