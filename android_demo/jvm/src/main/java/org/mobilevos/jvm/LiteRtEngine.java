package org.mobilevos.jvm;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.mobilevos.core.Artifact;
import org.mobilevos.core.ArtifactSpec;
import org.mobilevos.core.Engine;
import org.mobilevos.core.EngineException;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.GraphSpec;
import org.mobilevos.core.Tensor;

/** The real LiteRT on the CPU of a desktop machine, for tests and drawings: the app's core runs the same artifacts here. */
public final class LiteRtEngine implements Engine {
    private static final int CPU_OPTIONS_SIZE = 64;

    private final LiteRt runtime;
    private final ArtifactSpec spec;
    // LiteRT reads the weights from here for as long as the model lives.
    private final ByteBuffer model;
    private final Pointer environment;
    private final Pointer options;
    private final Pointer modelHandle;
    private final Pointer compiled;
    private final Map<String, Long> signatures = new HashMap<String, Long>();
    private final Map<String, NativeGraph> graphs = new HashMap<String, NativeGraph>();
    private final String fallbackReason;
    private boolean closed;

    LiteRtEngine(LiteRt runtime, Artifact artifact, EngineOptions wanted) {
        this.runtime = runtime;
        spec = artifact.spec;
        fallbackReason = wanted.delegate == EngineOptions.Delegate.CPU ? "" : "on a desktop machine the CPU runs the graphs";
        model = artifact.model();
        PointerByReference handle = new PointerByReference();
        NativeGraph.check(runtime.LiteRtCreateEnvironment(0, null, handle), "start");
        environment = handle.getValue();
        NativeGraph.check(runtime.LiteRtCreateOptions(handle), "make options");
        options = handle.getValue();
        NativeGraph.check(runtime.LiteRtSetOptionsHardwareAccelerators(options, LiteRt.CPU), "choose the CPU");
        setThreads(wanted.threads);
        Pointer bytes = Native.getDirectBufferPointer(model);
        NativeGraph.check(
                runtime.LiteRtCreateModelFromBuffer(environment, bytes, model.capacity(), handle), "load the model");
        modelHandle = handle.getValue();
        NativeGraph.check(
                runtime.LiteRtCreateCompiledModel(environment, modelHandle, options, handle), "prepare the model");
        compiled = handle.getValue();
        LongByReference count = new LongByReference();
        NativeGraph.check(runtime.LiteRtGetNumModelSignatures(modelHandle, count), "count signatures");
        for (long signature = 0; signature < count.getValue(); signature++) {
            signatures.put(NativeGraph.key(runtime, modelHandle, signature), signature);
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
    public ArtifactSpec spec() {
        return spec;
    }

    @Override
    public String name() {
        return "litert-cpu";
    }

    @Override
    public String fallbackReason() {
        return fallbackReason;
    }

    @Override
    public void run(GraphSpec graph, Map<String, Tensor> inputs, Map<String, Tensor> outputs) {
        if (closed) {
            throw new EngineException("this engine has been closed; open the artifact again");
        }
        NativeGraph nativeGraph = graphs.get(graph.name);
        if (nativeGraph == null) {
            Long signature = signatures.get(graph.name);
            if (signature == null) {
                throw new EngineException("the model has no graph '" + graph.name + "'; export it again");
            }
            nativeGraph = new NativeGraph(runtime, environment, modelHandle, signature, graph);
            graphs.put(graph.name, nativeGraph);
        }
        nativeGraph.run(compiled, inputs, outputs);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (NativeGraph graph : graphs.values()) {
            graph.close();
        }
        runtime.LiteRtDestroyCompiledModel(compiled);
        runtime.LiteRtDestroyModel(modelHandle);
        runtime.LiteRtDestroyOptions(options);
        runtime.LiteRtDestroyEnvironment(environment);
    }
}
