. /usr/local/lib/mono/say.sh
say api "answers requests"
