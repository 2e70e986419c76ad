exports.main = async () => ({ hello: 'world', version: 1 })
