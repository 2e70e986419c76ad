exports.hello = (_request, response) => response.json({ hello: 'world', version: 1 })
