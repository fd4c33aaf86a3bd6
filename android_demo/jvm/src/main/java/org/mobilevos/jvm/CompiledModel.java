package org.mobilevos.jvm;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.mobilevos.core.EngineException;
import org.mobilevos.core.GraphSpec;
import org.mobilevos.core.OnDemandEngine;
import org.mobilevos.core.Tensor;

/** A model that LiteRT has prepared, with its environment; closed together. */
final class CompiledModel implements OnDemandEngine.Runner {
    private static final int CPU_OPTIONS_SIZE = 64;

    private final LiteRt runtime;
    // LiteRT reads the weights from here for as long as the model lives.
    private final ByteBuffer bytes;
    // Null until it is made.
    private Pointer environment;
    private Pointer options;
    private Pointer model;
    private Pointer compiled;
    private final Map<String, Long> signatures = new HashMap<String, Long>();
    private final Map<String, NativeGraph> graphs = new HashMap<String, NativeGraph>();

    CompiledModel(LiteRt runtime, ByteBuffer bytes, int threads) {
        this.runtime = runtime;
        this.bytes = bytes;
        try {
            prepare(threads);
        } catch (EngineException error) {
            close();
            throw error;
        }
    }

    private void prepare(int threads) {
        PointerByReference handle = new PointerByReference();
        NativeGraph.check(runtime.LiteRtCreateEnvironment(0, null, handle), "start");
        environment = handle.getValue();
        NativeGraph.check(runtime.LiteRtCreateOptions(handle), "make options");
        options = handle.getValue();
        NativeGraph.check(runtime.LiteRtSetOptionsHardwareAccelerators(options, LiteRt.CPU), "choose the CPU");
        setThreads(threads);
        Pointer start = Native.getDirectBufferPointer(bytes);
        NativeGraph.check(
                runtime.LiteRtCreateModelFromBuffer(environment, start, bytes.capacity(), handle), "load the model");
        model = handle.getValue();
        NativeGraph.check(runtime.LiteRtCreateCompiledModel(environment, model, options, handle), "prepare the model");
        compiled = handle.getValue();
        LongByReference count = new LongByReference();
        NativeGraph.check(runtime.LiteRtGetNumModelSignatures(model, count), "count signatures");
        for (long signature = 0; signature < count.getValue(); signature++) {
            signatures.put(NativeGraph.key(runtime, model, signature), signature);
        }
    }

    /** LiteRT keeps the text and frees it, so it is the C library's. */
    private void setThreads(int threads) {
        Pointer text = new Pointer(Native.malloc(CPU_OPTIONS_SIZE));
        text.setString(0, "num_threads = " + threads);
        Pointer free = NativeLibrary.getInstance("c").getFunction("free");
        PointerByReference added = new PointerByReference();
        NativeGraph.check(
                runtime.LiteRtCreateOpaqueOptions(LiteRt.CPU_OPTIONS, text, free, added), "take a number of threads");
        NativeGraph.check(runtime.LiteRtAddOpaqueOptions(options, added.getValue()), "take a number of threads");
    }

    @Override
    public void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
        NativeGraph nativeGraph = graphs.get(graph.name);
        if (nativeGraph == null) {
            Long signature = signatures.get(graph.name);
            if (signature == null) {
                throw new EngineException("the model has no graph '" + graph.name + "'; export it again");
            }
            nativeGraph = new NativeGraph(runtime, environment, model, signature, graph);
            graphs.put(graph.name, nativeGraph);
        }
        nativeGraph.run(compiled, inputs, outputs);
    }

    @Override
    public void close() {
        for (NativeGraph graph : graphs.values()) {
            graph.close();
        }
        if (compiled != null) {
            runtime.LiteRtDestroyCompiledModel(compiled);
        }
        if (model != null) {
            runtime.LiteRtDestroyModel(model);
        }
        if (options != null) {
            runtime.LiteRtDestroyOptions(options);
        }
        if (environment != null) {
            runtime.LiteRtDestroyEnvironment(environment);
        }
    }
}
