// Run by test_epcis_js with the path of the unmodified package epcis2.js, the server's address and a key:
// captures as its README says, waits for the job, asks for the events, and tells what it saw as one line of JSON.
const [, , path, address, key] = process.argv;
const epcis = require(path);

async function main() {
  const headers = { 'content-type': 'application/json', Authorization: `Bearer ${key}` };
  epcis.setup({ apiUrl: `${address}/epcis`, headers, eventTimeZoneOffset: '+09:00' });
  const sent = new epcis.EPCISDocument({ '@context': [
    'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { ex: 'https://ns.example.com/epcis/' },
  ] });
  const moved = new epcis.ObjectEvent();
  moved.setEventTime('2026-11-20T09:30:00.000+09:00')
    .addEPC('https://id.gs1.org/01/70614141123451/21/2018')
    .setAction('OBSERVE')
    .setBizStep('shipping')
    .setDisposition('in_transit')
    .setReadPoint('urn:epc:id:sgln:0614141.07346.1234')
    .addBizTransaction(new epcis.BizTransactionElement({ type: 'po', bizTransaction: 'urn:epc:id:gdti:0614141.06012.1234' }))
    .addExtension('ex:seal', 'A-7');
  const made = new epcis.TransformationEvent();
  made.setEventTime('2026-11-20T10:30:00.000+09:00')
    .addInputQuantity(new epcis.QuantityElement({ epcClass: 'urn:epc:class:lgtin:4012345.011111.4444', quantity: 10, uom: 'KGM' }))
    .addOutputQuantity(new epcis.QuantityElement({ epcClass: 'urn:epc:class:lgtin:4012345.077889.25', quantity: 9.5, uom: 'KGM' }));
  sent.setCreationDate('2026-11-20T02:00:00.000Z').addEvent(moved).addEvent(made);
  const answer = await epcis.capture(sent);
  const job = new epcis.CaptureResponse(answer);
  await job.pollForTheCaptureToFinish();

  async function ask(query) {
    const found = await fetch(`${address}/epcis/events?${new URLSearchParams(query)}`, { headers });
    const document = new epcis.EPCISDocument(JSON.parse(JSON.stringify(await found.json())));
    const raw = document.toObject().epcisBody.queryResults.resultsBody.eventList;
    return raw.map((each) => epcis.objectToEvent(each).toObject());
  }
  const seen = {
    status: answer.status,
    running: job.getRunningStatus(),
    success: job.getSuccessStatus(),
    sent: [moved.toObject(), made.toObject()],
    all: await ask({}),
    shipped: await ask({ EQ_bizStep: 'shipping', MATCH_anyEPC: 'urn:epc:id:sgtin:0614141.712345.2018', 'EQ_ex:seal': 'A-7' }),
    output: await ask({ MATCH_outputEPCClass: 'urn:epc:idpat:sgtin:4012345.077889.*', GE_quantity_KGM: '9.5' }),
    none: await ask({ EQ_bizStep: 'receiving' }),
  };
  console.log(JSON.stringify(seen));
}

main().catch((fault) => {
  console.error(fault);
  process.exit(1);
});
