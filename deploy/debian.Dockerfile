# nginx or Redis as Debian has them, for where no image registry but the base image's can be reached.
FROM python:3.11-slim
ARG PACKAGE
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends "$PACKAGE" && rm -rf /var/lib/apt/lists/*
