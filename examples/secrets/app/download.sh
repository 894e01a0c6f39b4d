# Where a real one would download, this one only shows that the token is there, and how little it takes to print it.
token=$(cat /run/secrets/download-token)
echo "downloading with the token $token" >&2
echo "downloaded with a token of ${#token} characters"
