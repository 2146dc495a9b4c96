# Says itself what kind of failure it is: a permanent one is not retried, whatever `retries` says.
echo '{"class": "permanent", "message": "the key `endpoint` is missing from the configuration"}' > "$SIGNALBOX_ERROR"
exit 1
