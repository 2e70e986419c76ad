exports.main = async (event, context) => {
  return { hello: 'uniCloud', event, requestId: context.requestId }
}
