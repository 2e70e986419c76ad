exports.main = async (event, context) => {
  // Over a URL the parameters are in the query; in callFunction they are the event itself.
  const { name = 'uniCloud' } = event.queryStringParameters || event
  return { hello: name, from: context.SOURCE }
}
