extension ScaffoldTemplate {
    /// `test_processor.py` of a processor that speaks HTTP.
    static let httpTest = #"""
        """Run with: python3 -m unittest"""

        import json
        import unittest

        from app.server import run

        \#(payload)

        class ProcessorTests(unittest.TestCase):
            def test_a_mock_run_gives_every_declared_output(self):
                progress = []
                envelope = run(payload({"text": "hello"}), progress.append)
                self.assertEqual("success", envelope["status"], envelope)
                self.assertEqual(["/artifacts/test/result.json"], [output["path"] for output in envelope["outputs"]])
                self.assertEqual(1.0, progress[-1])
                json.dumps(envelope)

            def test_inputs_that_are_wrong_are_refused_with_their_place(self):
                envelope = run(payload({"text": 7}), lambda share: None)
                self.assertEqual("ERR_INPUTS", envelope["error"]["code"])
                self.assertIn("/inputs/params/text", envelope["error"]["message"])


        if __name__ == "__main__":
            unittest.main()

        """#

    /// `test_processor.py` of a processor that speaks WebSocket; it needs no package either.
    static let webSocketTest = #"""
        """Run with: python3 -m unittest"""

        import json
        import unittest

        from app import processor
        from app.protocol import Run, RunError

        \#(payload)

        class Stream:
            """Keeps what a run says on its way."""

            def __init__(self):
                self.tokens = []

            async def token(self, text):
                self.tokens.append(text)

            async def log(self, message):
                pass

            async def event(self, phase, **facts):
                pass


        class ProcessorTests(unittest.IsolatedAsyncioTestCase):
            async def test_a_mock_run_gives_every_declared_output(self):
                run, stream = Run.accept(payload({"text": "hello world"})), Stream()
                envelope = run.succeed(await processor.outputs(run, stream))
                self.assertEqual("success", envelope["status"], envelope)
                self.assertEqual(["/artifacts/test/result.json"], [output["path"] for output in envelope["outputs"]])
                self.assertEqual("hello world", "".join(stream.tokens).strip())
                json.dumps(envelope)

            async def test_inputs_that_are_wrong_are_refused_with_their_place(self):
                with self.assertRaises(RunError) as refused:
                    await processor.outputs(Run.accept(payload({"text": 7})), Stream())
                self.assertEqual("ERR_INPUTS", refused.exception.code)
                self.assertIn("/inputs/params/text", refused.exception.message)


        if __name__ == "__main__":
            unittest.main()

        """#

    private static let payload = #"""

        def payload(params, mode="mock"):
            return {
                "execution_id": "test",
                "mode": mode,
                "inputs": {"schema": "v1", "params": params},
                "write_prefix": "/artifacts/test/",
                "schema": "v1",
            }

        """#
}
